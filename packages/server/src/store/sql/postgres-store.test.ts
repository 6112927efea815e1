import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../../../../../test/database-proxy.ts';
import { startPostgres, type TestPostgres } from '../../../../../test/postgres.ts';
import { requirement } from '../../../../../test/requirement.ts';
import { until } from '../../../../../test/server.ts';
import { queries } from '../queries.ts';
import { anActionRow } from '../testing/an-action-row.ts';
import { describeStore } from '../testing/describe-store.ts';
import { addAction, TEST_UNITS, tellNow } from '../testing/test-units.ts';
import { borrow } from './postgres-borrow.ts';
import { openPool } from './postgres-connection.ts';
import { type OpenPostgres, openPostgresStore } from './postgres-store.ts';

async function connect(options: string | pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(options);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const open = (url: string): Promise<OpenPostgres> => openPostgresStore({ url, units: TEST_UNITS, facts: {} });

for (const version of ['18', '15'] as const) {
  describe.skipIf(!requirement(`postgres${version}`).ok)(`PostgreSQL ${version}`, () => {
    let server: TestPostgres;

    beforeAll(async () => {
      server = await startPostgres(version);
    });
    afterAll(() => server?.stop());

    const inDatabase = async (use: (url: string) => Promise<void>): Promise<void> => {
      const name = `t_${randomUUID().replaceAll('-', '')}`;
      const asAdmin = async (statement: string): Promise<void> => {
        const admin = await connect(server.url);
        await admin.query(statement);
        await admin.end();
      };
      await asAdmin(`create database ${name}`);
      try {
        await use(server.urlOf(name));
      } finally {
        await asAdmin(`drop database ${name} with (force)`);
      }
    };

    describeStore(`PostgreSQL ${version}`, async () => ({
      open: () => open(server.url),
      discard: async () => undefined,
    }));

    it('refuses a database that a newer version changed, and serves one that it only added to', () =>
      inDatabase(async (url) => {
        await (await open(url)).close();
        const admin = await connect(url);
        const note = (name: string) => admin.query('insert into interdict.fact (name, value) values ($1, $1)', [name]);
        await note('migration:0999-added');
        await (await open(url)).close();
        await note('needs:0999-changed');
        await admin.end();
        await expect(open(url)).rejects.toThrow('changed by a newer version of Interdict (0999-changed)');
      }));

    it('refuses connections that lose their search path on the way', () =>
      inDatabase(async (url) => {
        await expect(open(`${url}?options=-c%20jit%3Doff`)).rejects.toThrow('drops the start-up parameter "options"');
      }));

    it('numbers the journal in commit order, whichever process commits last', () =>
      inDatabase(async (url) => {
        const tenant = randomUUID();
        const [one, two] = [await open(url), await open(url)];
        await one.run(tenant, addAction, anActionRow());
        const slow = await connect(url);
        await slow.query('set search_path = interdict');
        await slow.query('begin');
        await slow.query('select last_sequence from tenant where tenant_id = $1 for update', [tenant]);
        await slow.query(
          `insert into journal (tenant_id, sequence, written_at, type, content) values ($1, 2, 'x', 'held back', '{}')`,
          [tenant],
        );
        await slow.query('update tenant set last_sequence = 2 where tenant_id = $1', [tenant]);
        const later = Promise.all([
          one.run(tenant, addAction, anActionRow()),
          two.run(tenant, addAction, anActionRow()),
        ]);
        let early: readonly number[] | undefined;
        void later.then((sequences) => {
          early ??= sequences;
        });
        await two.run(randomUUID(), addAction, anActionRow());
        expect(early).toBeUndefined();
        expect(await two.read(tenant, queries.journalAfter({ sequence: 0, limit: 10 }))).toHaveLength(1);
        await slow.query('commit');
        expect([...(await later)].sort()).toEqual([3, 4]);
        await Promise.all([slow.end(), one.close(), two.close()]);
      }));

    it('tells a unit the time of its turn, not that at which it began to wait for it', () =>
      inDatabase(async (url) => {
        const [store, slow, tenant] = [await open(url), await connect(url), randomUUID()];
        await store.run(tenant, addAction, anActionRow());
        await slow.query('set search_path = interdict');
        await slow.query('begin');
        await slow.query('select last_sequence from tenant where tenant_id = $1 for update', [tenant]);
        const told = store.run(tenant, tellNow, undefined);
        const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock'";
        await expect.poll(async () => (await slow.query(waits)).rowCount).toBe(1);
        await slow.query('select pg_sleep(0.2)');
        const { rows } = await slow.query('select (extract(epoch from clock_timestamp()) * 1000)::bigint as now');
        // Whoever had it has changed nothing.
        await slow.query('rollback');
        expect(await told).toBeGreaterThanOrEqual(Number(rows[0]?.now));
        await Promise.all([slow.end(), store.close()]);
      }));

    it('lets no flood of other tenants hold up what is urgent', () =>
      inDatabase(async (url) => {
        const [store, slow] = [await open(url), await connect(url)];
        const flooding = Array.from({ length: 12 }, () => randomUUID());
        for (const tenant of flooding) await store.run(tenant, addAction, anActionRow());
        await slow.query('set search_path = interdict');
        await slow.query('begin');
        await slow.query('select last_sequence from tenant for update');
        const flood = Promise.all(flooding.map((tenant) => store.run(tenant, addAction, anActionRow())));
        const tenant = randomUUID();
        const order: string[] = [];
        const ordinary = store.run(tenant, addAction, anActionRow()).then(() => order.push('ordinary'));
        await store.run(tenant, addAction, anActionRow(), { urgent: true });
        order.push('urgent');
        await slow.query('commit');
        await Promise.all([flood, ordinary]);
        expect(order).toEqual(['urgent', 'ordinary']);
        await Promise.all([slow.end(), store.close()]);
      }));

    it('never shows a reader a later entry before an earlier one while several processes write', () =>
      inDatabase(async (url) => {
        const tenant = randomUUID();
        const stores = await Promise.all([open(url), open(url), open(url)]);
        let writing = true;
        const gaps: string[] = [];
        const reader = (async () => {
          while (writing) {
            const rows = await (stores[0] as OpenPostgres).read(
              tenant,
              queries.journalAfter({ sequence: 0, limit: 10_000 }),
            );
            if (rows.some(({ sequence }, index) => sequence !== index + 1)) gaps.push(JSON.stringify(rows.at(-1)));
          }
        })();
        await Promise.all(
          stores.flatMap((store) =>
            Array.from({ length: 200 }, () => store.run(tenant, addAction, anActionRow({ id: randomUUID() }))),
          ),
        );
        writing = false;
        await reader;
        expect(gaps).toEqual([]);
        expect(await stores[0]?.tenant(tenant)).toEqual({ sequence: 600, actionCount: 600 });
        await Promise.all(stores.map((store) => store.close()));
      }));

    it('hides every tenant from a statement that forgets to name one', () =>
      inDatabase(async (url) => {
        const [mine, theirs] = [randomUUID(), randomUUID()];
        const store = await open(url);
        await Promise.all([store.run(mine, addAction, anActionRow()), store.run(theirs, addAction, anActionRow())]);
        const forgetful = await connect({ connectionString: url, options: '-c search_path=interdict' });
        await forgetful.query('set role interdict_app');
        expect((await forgetful.query('select tenant_id from action')).rows).toEqual([]);
        await forgetful.query("select set_config('interdict.tenant', $1, false)", [mine]);
        expect((await forgetful.query('select tenant_id from action')).rows).toEqual([{ tenant_id: mine }]);
        await expect(forgetful.query("update journal set content = '{}'")).rejects.toThrow('permission denied');
        await expect(
          forgetful.query("insert into journal values ($1, 9, 'x', null, null, 'x', '{}')", [theirs]),
        ).rejects.toThrow('row-level security');
        await forgetful.end();
        await store.close();
      }));

    it('tells the statements that an administrator must run, and starts once they have been', () =>
      inDatabase(async (url) => {
        const user = `u_${randomUUID().slice(0, 8)}`;
        const admin = await connect(url);
        await admin.query(
          `create role ${user} login; revoke create on database ${new URL(url).pathname.slice(1)} from public`,
        );
        const theirs = url.replace('tester@', `${user}@`);
        const refusal = await open(theirs).catch((error: Error) => error.message);
        expect(refusal).toContain('An administrator runs once');
        const statements = String(refusal).split('once:\n')[1]?.split('Then start')[0] ?? '';
        await admin.query(statements.replace('create role interdict_app nologin nosuperuser nobypassrls;', ''));
        const store = await open(theirs);
        await store.run(randomUUID(), addAction, anActionRow());
        await store.close();
        await admin.query(`drop owned by ${user} cascade; drop role ${user}`);
        await admin.end();
      }));

    it('migrates once when several processes start at once', () =>
      inDatabase(async (url) => {
        const stores = await Promise.all(Array.from({ length: 4 }, () => open(url)));
        await stores[3]?.run(randomUUID(), addAction, anActionRow());
        await Promise.all(stores.map((store) => store.close()));
      }));

    it('finds out that its connections were lost without a word, the one of its leases too', () =>
      inDatabase(async (url) => {
        const proxy = new DatabaseProxy(url);
        const store = await open(await proxy.start());
        const tenant = randomUUID();
        await store.run(tenant, addAction, anActionRow());
        await delay(1_200);
        proxy.silenceStanding();
        await store.ping();
        expect(await store.run(tenant, addAction, anActionRow())).toBe(2);
        expect(await store.tenant(tenant)).toEqual({ sequence: 2, actionCount: 2 });
        await expect.poll(() => store.liveLeaseOwners(), { timeout: 10_000 }).toContain(store.leaseOwner);
        await store.close();
        await proxy.stop();
      }));

    it('takes the lock of its leases again at once when that connection is ended', () =>
      inDatabase(async (url) => {
        const store = await open(url);
        const admin = await connect(url);
        const holder = `select pid from pg_locks where locktype = 'advisory' and objid = $1 and granted`;
        const pidOf = async (): Promise<unknown> => (await admin.query(holder, [store.leaseOwner])).rows[0]?.pid;
        const tookMs: number[] = [];
        for (let time = 0; time < 5; time += 1) {
          const before = await pidOf();
          const endedAt = performance.now();
          await admin.query('select pg_terminate_backend($1)', [before]);
          const isAnother = (pid: unknown): boolean => pid !== undefined && pid !== before;
          await expect.poll(async () => isAnother(await pidOf()), { interval: 5, timeout: 10_000 }).toBe(true);
          tookMs.push(performance.now() - endedAt);
        }
        // A busy machine may take its time, but not each time.
        expect(Math.min(...tookMs), tookMs.map(Math.round).join(' ')).toBeLessThan(400);
        await admin.end();
        await store.close();
      }));

    it('waits for another process that prepares the database, and says so', () =>
      inDatabase(async (url) => {
        const other = await connect(url);
        await other.query('select pg_advisory_lock(4873104)');
        const said: string[] = [];
        const opening = openPostgresStore({ url, units: TEST_UNITS, facts: {}, onWait: (words) => said.push(words) });
        await expect.poll(() => said).toEqual(['Another process is preparing the database. Waiting for it.']);
        await other.end();
        await (await opening).close();
      }));

    it('gives a query up of which nothing is heard, and its connection with it', () =>
      inDatabase(async (url) => {
        await (await open(url)).close();
        const pool = openPool(url, 2);
        const asked = borrow(pool, 300, (client) => client.query('select pg_sleep(30)'));
        await expect(asked).rejects.toMatchObject({ code: 'serviceUnavailable' });
        await expect(borrow(pool, 300, (client) => client.query('select 1'))).resolves.toMatchObject({ rowCount: 1 });
        expect(pool.totalCount).toBe(1);
        await pool.end();
      }));

    it('goes on by itself after the server was killed and came back', () =>
      inDatabase(async (url) => {
        const tenant = randomUUID();
        const store = await open(url);
        const rows = Array.from({ length: 5 }, () => anActionRow());
        for (const row of rows) await store.run(tenant, addAction, row);
        await server.crash();
        const refusal = await store.run(tenant, addAction, anActionRow()).catch((error: unknown) => error);
        // Whatever is wrong above, what follows in this file has its server.
        await server.restart();
        expect(refusal).toMatchObject({ name: 'Refusal', code: 'serviceUnavailable' });
        const sequence = await until(
          () => store.run(tenant, addAction, anActionRow()).catch(() => undefined),
          (told) => told !== undefined,
          20_000,
        );
        expect(sequence).toBe(6);
        expect(await store.read(tenant, queries.newestEntities({ limit: 10 }))).toHaveLength(6);
        await store.close();
      }));
  });
}
