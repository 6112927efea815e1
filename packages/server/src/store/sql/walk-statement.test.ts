import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../../test/postgres.ts';
import { requirement } from '../../../../../test/requirement.ts';
import type { ActionWalk, Way } from '../walk.ts';
import { postgresDialect, sqliteDialect } from './dialect.ts';
import { borrow } from './postgres-borrow.ts';
import { openPool } from './postgres-connection.ts';
import { bindTenant } from './postgres-group.ts';
import { openPostgresStore } from './postgres-store.ts';
import { migrateSqlite } from './sqlite-open.ts';
import { createWalkStatements, type Given, walkArguments, walkStatement } from './walk-statement.ts';

const id: Way = { column: 'id', value: 'a500' };
const status: Way = { column: 'status', value: 'Failed' };
const target: Way = { column: 'target', value: 'ip:500' };
const context: Way = { column: 'client_context', value: 'case-500' };
const drifted: Way = { column: 'state', value: 'drifted' };
const CREATED = '2026-01-05T00:00:00.0000000Z';

/** What each way is walked along. The key is looked up, and what it finds put in order. */
const CASES: readonly (readonly [name: string, indexes: readonly string[], ways: readonly Way[] | undefined])[] = [
  ['nothing', ['newest'], undefined],
  ['id', ['key'], [id]],
  ['status', ['by_status'], [status]],
  ['no status', ['by_status'], [{ column: 'status', value: null }]],
  ['state', ['by_state'], [drifted]],
  ['target', ['by_target'], [target]],
  ['clientContext', ['by_client_context'], [context]],
  [
    'any of several',
    ['by_target', 'by_client_context', 'by_status', 'by_status', 'by_state'],
    [target, context, status, { column: 'status', value: 'Completed' }, drifted],
  ],
];

const GIVEN: readonly Given[] = ['entities', 'count'];

const MOST = 51;

/** Every form of statement that a case has. */
function forms(ways: readonly Way[] | undefined) {
  return [true, false].flatMap((isDescending) =>
    GIVEN.flatMap((give) =>
      [undefined, { created_at: CREATED, id: 'a7' }].map((after) => {
        const bounds = { from: '2026-01-02T00:00:00.0000000Z', before: '2026-01-09T00:00:00.0000000Z' };
        const walk: ActionWalk = { isDescending, ways, ...bounds, filter: undefined, words: undefined, now: 0 };
        return { walk, after, give };
      }),
    ),
  );
}

describe('SQLite', () => {
  const db = new DatabaseSync(':memory:');
  migrateSqlite(db);
  const statements = createWalkStatements(sqliteDialect);
  afterAll(() => db.close());

  it.each(CASES)('finds by %s along the index, in order', (_, indexes, ways) => {
    for (const { walk, after, give } of forms(ways)) {
      const prepared = walkStatement(statements, walk, after !== undefined, give);
      const values = prepared.bind('t', walkArguments(walk, after, MOST)) as SQLInputValue[];
      const plan = db.prepare(`explain query plan ${prepared.sql}`).all(...values);
      const details = plan.map(({ detail }) => String(detail));
      const used = details.flatMap((detail) => /^SEARCH action USING .*?INDEX (\w+)/.exec(detail)?.[1] ?? []);
      const names = indexes.map((name) => (name === 'key' ? 'sqlite_autoindex_action_1' : `action_${name}`));
      const byId = ways !== undefined && ways.length > 1 && give === 'entities' ? ['sqlite_autoindex_action_1'] : [];
      expect(used, prepared.sql).toEqual([...names, ...byId]);
      expect(details.filter((detail) => /^SCAN (action|enforcement)\b/.test(detail))).toEqual([]);
      // Where all must be found before the first is told a step would take as long as there are actions.
      if (indexes[0] !== 'key') expect(details.filter((detail) => detail.includes('TEMP B-TREE'))).toEqual([]);
    }
  });
});

const FILL = `insert into interdict.action (tenant_id, id, version, created_at, status, state, app_id, target,
    client_context, entity, hold)
  select 't' || n % 2, 'a' || n, 1, to_char(timestamp '2026-01-01' + n * interval '1 minute',
      'YYYY-MM-DD"T"HH24:MI:SS.US') || '0Z',
    case when n % 100 = 0 then 'Failed' when n % 100 > 1 then 'Completed' end,
    case when n % 200 = 0 then 'drifted' else 'inForce' end, 'app', 'ip:' || n, 'case-' || n, '{"id":"a"}', 'none'
  from generate_series(1, 40000) n`;

describe.skipIf(!requirement('postgres18').ok)('PostgreSQL', () => {
  let server: TestPostgres;
  let pool: pg.Pool;
  const statements = createWalkStatements(postgresDialect);

  beforeAll(async () => {
    server = await startPostgres('18');
    await (await openPostgresStore({ url: server.url, units: [], facts: {} })).close();
    const admin = new pg.Client(server.url);
    await admin.connect();
    await admin.query(FILL);
    await admin.query('vacuum analyze interdict.action');
    await admin.end();
    pool = openPool(server.url, 1);
  }, 60_000);
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  });

  /** How a statement went, by a plan made for its values or for any. */
  const explained = (sql: string, values: readonly unknown[], mode: 'custom' | 'generic'): Promise<string> =>
    borrow(pool, 10_000, async (client) => {
      await client.query('begin read only');
      await bindTenant(client, 't0');
      await client.query(`set local plan_cache_mode = force_${mode}_plan`);
      await client.query(`prepare one as ${sql}`);
      const texts = values.map((value) => client.escapeLiteral(String(value)));
      const { rows } = await client.query(`explain (analyze, format json) execute one(${texts.join(', ')})`);
      await client.query('commit');
      await client.query('deallocate one');
      return JSON.stringify(rows[0]);
    });

  const numbers = (plan: string, name: string): readonly number[] =>
    [...plan.matchAll(new RegExp(`"${name}":([\\d.]+)`, 'g'))].map(([, number]) => Number(number));

  it.each(CASES)('finds by %s along the index, with and without the values in the plan', async (_, indexes, ways) => {
    for (const { walk, after, give } of forms(ways)) {
      const { sql, bind } = walkStatement(statements, walk, after !== undefined, give);
      for (const mode of ['custom', 'generic'] as const) {
        const plan = await explained(sql, bind('t0', walkArguments(walk, after, MOST)), mode);
        const found = [...plan.matchAll(/"Index Name":"(?:action_)?(\w+)"/g)].map(([, name]) => String(name));
        for (const name of indexes) expect(found, plan).toContain(name);
        expect(plan).not.toContain('Seq Scan');
        // Of some 5,000 within the bounds: each way is followed about as far as is wanted.
        expect(Math.max(...numbers(plan, 'Actual Rows')), plan).toBeLessThan(400);
        expect(Math.max(0, ...numbers(plan, 'Rows Removed by Filter')), plan).toBeLessThan(100);
      }
    }
  });
});
