import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../../test/postgres.ts';
import { requirement } from '../../../../../test/requirement.ts';
import { queries } from '../queries.ts';
import { isPlanOld } from './postgres-plans.ts';
import { openPostgresStore } from './postgres-store.ts';
import { readTables } from './testing/tenant-rows.ts';

const aPool = (): pg.Pool => ({ connect: () => undefined }) as unknown as pg.Pool;
const aClient = (): pg.ClientBase => ({ query: () => undefined }) as unknown as pg.ClientBase;

it('a connection plans anew after 8 uses of its pool, 24, 56, and so on, at last after each 4,096', () => {
  const [pool, client] = [aPool(), aClient()];
  const old = Array.from({ length: 30_000 }, (_, at) => (isPlanOld(pool, client) ? at : -1)).filter((at) => at >= 0);
  expect(old.slice(0, 4)).toEqual([8, 24, 56, 120]);
  expect(old.slice(-3).map((at, index, all) => at - (all[index - 1] ?? at))).toEqual([0, 4_096, 4_096]);
});

it('a connection that others were used before plans anew once, and a new one not at all', () => {
  const pool = aPool();
  const [first, second, third] = [aClient(), aClient(), aClient()];
  isPlanOld(pool, second);
  for (let uses = 0; uses < 60; uses += 1) isPlanOld(pool, first);
  expect([isPlanOld(pool, second), isPlanOld(pool, second), isPlanOld(pool, third)]).toEqual([true, false, false]);
});

const TENANT = 'a';
const ROWS = 2_000;

describe.skipIf(!requirement('postgres18').ok)('plans that were made on empty tables', () => {
  let server: TestPostgres;
  let client: pg.Client;

  beforeAll(async () => {
    server = await startPostgres('18');
    client = new pg.Client(server.url);
    await client.connect();
  }, 60_000);
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  /** Rows that whoever looks for one of them by its id walks through, where it goes by its tenant alone. */
  async function fill(into: 'enforcement' | 'action' = 'enforcement', tenant = TENANT, count = ROWS): Promise<void> {
    const columns = (await readTables(client)).find(({ table }) => table === into)?.columns ?? [];
    const values = columns.map(({ name, type }) => {
      if (name === 'tenant_id') return `'${tenant}'`;
      if (['id', 'target', 'key_hash'].includes(name)) return 'n::text';
      return type === 'text' ? "'1'" : '0';
    });
    const names = columns.map(({ name }) => name).join(', ');
    await client.query(
      `insert into interdict.${into} (${names}) select ${values.join(', ')} from generate_series(1, ${count}) as n`,
    );
  }

  /** Rows of the ledger that statements have gone through so far. */
  async function walked(): Promise<number> {
    await client.query('select pg_sleep(1.1), pg_stat_clear_snapshot()');
    const { rows } = await client.query<{ read: string }>(
      "select seq_tup_read + idx_tup_fetch as read from pg_stat_user_tables where relname = 'enforcement'",
    );
    return Number(rows[0]?.read);
  }

  it('ask for each action that is due whether its effect is in the ledger, and do not read all of that', async () => {
    const store = await openPostgresStore({ url: server.url, units: [], facts: {} });
    try {
      const busy = 'busy';
      await fill('action', busy, 10 * ROWS);
      await fill('enforcement', busy, 10 * ROWS);
      await client.query('analyze interdict.action, interdict.enforcement');
      const due = (): Promise<readonly unknown[]> =>
        store.read(busy, queries.dueActions({ provider: '1', now: 1, limit: 48 }));
      // So often that the plan is made without the values.
      for (let time = 1; time <= 10; time += 1) expect(await due()).toHaveLength(48);
      const before = await walked();
      for (let time = 1; time <= 10; time += 1) await due();
      expect((await walked()) - before).toBeLessThanOrEqual(480);
    } finally {
      await store.close();
    }
  });

  it('are not kept when there are rows, before anybody analyses them', async () => {
    const store = await openPostgresStore({ url: server.url, units: [], facts: {} });
    try {
      await client.query("alter table interdict.enforcement set (autovacuum_enabled = 'false')");
      const look = async (id: number): Promise<number> =>
        (await store.read(TENANT, queries.enforcementById({ id: `${id}` }))).length;
      for (let id = 1; id <= 10; id += 1) expect(await look(id)).toBe(0);
      await fill();
      for (let id = 1; id <= 50; id += 1) expect(await look(id)).toBe(1);
      const walked = async (): Promise<number> => {
        await client.query('select pg_sleep(1.1), pg_stat_clear_snapshot()');
        await look(1);
        const { rows } = await client.query<{ read: string }>(
          "select coalesce(sum(idx_tup_read), 0) as read from pg_stat_user_indexes where relname = 'enforcement'",
        );
        return Number(rows[0]?.read);
      };
      const before = await walked();
      for (let id = 1; id <= 100; id += 1) await look(id);
      expect((await walked()) - before).toBeLessThan(1_000);
    } finally {
      await store.close();
    }
  });
});
