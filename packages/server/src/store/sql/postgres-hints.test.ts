import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../../../../../test/database-proxy.ts';
import { startPostgres, type TestPostgres } from '../../../../../test/postgres.ts';
import { requirement } from '../../../../../test/requirement.ts';
import { anActionRow } from '../testing/an-action-row.ts';
import { addAction, sayDue, TEST_UNITS } from '../testing/test-units.ts';
import { watchCommits } from '../watch-commits.ts';
import { readNote } from './postgres-hints.ts';
import { type OpenPostgres, openPostgresStore } from './postgres-store.ts';

describe.skipIf(!requirement('postgres18').ok)('hints between processes', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres('18');
  });
  afterAll(() => server?.stop());

  const open = (url = server.url): Promise<OpenPostgres> => openPostgresStore({ url, units: TEST_UNITS, facts: {} });

  /** All that a store hears of others, as `hint tenant`. */
  function heardBy(store: OpenPostgres): string[] {
    const heard: string[] = [];
    store.hints?.hear((tenantId, hint) => heard.push(`${hint} ${tenantId}`));
    return heard;
  }

  /** Each knows of the other from here on, as it does in a process that asks twice a second. */
  const meet = (...stores: readonly OpenPostgres[]): Promise<unknown> =>
    Promise.all(stores.map((store) => store.liveLeaseOwners()));

  it('tells the others of a change, once for many, and not itself', async () => {
    const [one, two] = [await open(), await open()];
    await meet(one, two);
    const [atOne, atTwo] = [heardBy(one), heardBy(two)];
    const tenant = randomUUID();
    await Promise.all(Array.from({ length: 50 }, () => one.run(tenant, addAction, anActionRow())));
    await expect.poll(() => atTwo, { timeout: 5_000 }).toContain(`changed ${tenant}`);
    await delay(100);
    expect(atTwo.length).toBeLessThan(10);
    expect(atOne).toEqual([]);
    await Promise.all([one.close(), two.close()]);
  });

  it('wakes who watches the commits of a tenant, and nobody for what is in no journal', async () => {
    const [one, two] = [await open(), await open()];
    await meet(one, two);
    const watched = watchCommits(two);
    const [tenant, quiet] = [randomUUID(), randomUUID()];
    const told: string[] = [];
    watched.commits.watch(tenant, () => told.push(tenant));
    watched.commits.watch(quiet, () => told.push(quiet));
    await one.run(quiet, sayDue, { at: 1, nothingElse: true });
    await one.run(tenant, addAction, anActionRow());
    await expect.poll(() => told, { timeout: 5_000 }).toEqual([tenant]);
    await Promise.all([one.close(), two.close()]);
  });

  it('says no more often than the others look by themselves that there is work', async () => {
    const [one, two] = [await open(), await open()];
    await meet(one, two);
    const heard = heardBy(two);
    const tenant = randomUUID();
    const beganAt = Date.now();
    for (let told = 0; told < 20; told += 1) {
      one.hints?.tell(tenant, 'work');
      await delay(30);
    }
    const tookMs = Date.now() - beganAt;
    await expect.poll(() => heard.length, { timeout: 5_000 }).toBeGreaterThan(1);
    expect(heard.length).toBeLessThanOrEqual(1 + Math.ceil(tookMs / 250));
    await Promise.all([one.close(), two.close()]);
  });

  it('tells nobody where nobody else lives', async () => {
    const one = await open();
    const listener = new pg.Client(server.url);
    await listener.connect();
    await listener.query('listen interdict_hints');
    const notes: unknown[] = [];
    listener.on('notification', (note) => notes.push(note));
    await one.liveLeaseOwners();
    await one.run(randomUUID(), addAction, anActionRow());
    await delay(200);
    expect(notes).toEqual([]);
    await listener.end();
    await one.close();
  });

  it('takes its line up again after it broke', async () => {
    const proxy = new DatabaseProxy(server.url);
    const [one, two] = [await open(), await open(await proxy.start())];
    await meet(one, two);
    const heard = heardBy(two);
    const admin = new pg.Client(server.url);
    await admin.connect();
    const ended = await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen interdict_hints'`,
    );
    expect(ended.rowCount).toBeGreaterThan(0);
    await admin.end();
    const tenant = randomUUID();
    await expect
      .poll(
        async () => {
          await meet(one, two);
          one.hints?.tell(tenant, 'ended');
          return heard;
        },
        { timeout: 10_000 },
      )
      .toContain(`ended ${tenant}`);
    await Promise.all([one.close(), two.close()]);
    await proxy.stop();
  });

  it('runs units all the same where what it hears is nobody’s hint', () => {
    for (const payload of [
      '',
      'x',
      'null',
      '[]',
      '{}',
      '{"hints":1}',
      '{"hints":[1,["changed"],["deleted","t"],null]}',
    ]) {
      expect(readNote(payload, 'own')).toEqual([]);
    }
    expect(readNote('{"from":"own","hints":[["changed","t"]]}', 'own')).toEqual([]);
    expect(readNote('{"from":"2","hints":[["changed","t"],["changed",5]]}', 'own')).toEqual([['changed', 't']]);
  });
});
