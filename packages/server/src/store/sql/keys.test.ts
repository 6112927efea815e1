import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { startPostgres } from '../../../../../test/postgres.ts';
import { requirement } from '../../../../../test/requirement.ts';
import type { QueryName } from '../queries.ts';
import { postgresDialect, sqliteDialect } from './dialect.ts';
import { openPostgresStore } from './postgres-store.ts';
import { type Arguments, prepareAll, type Statements } from './prepare.ts';
import { migrateSqlite } from './sqlite-open.ts';
import { allStatements } from './statements/all-statements.ts';

/** A primary key or unique index: its table, and its first column. */
interface Key {
  readonly table: string;
  readonly first: string;
}

/** `fact` is about the database itself, and a copy of it would be on every node. */
const OF_NO_TENANT = ['fact'];

const notOfTenant = (keys: readonly Key[]): readonly Key[] =>
  keys.filter(({ table, first }) => first !== 'tenant_id' && !OF_NO_TENANT.includes(table));

describe('every primary key and unique index begins with the tenant', () => {
  it('on SQLite, but for the number by which the index of words knows an action', () => {
    const db = new DatabaseSync(':memory:');
    migrateSqlite(db);
    const tables = db
      .prepare(`select name from sqlite_master where type = 'table' and name not like 'action_words_index%'`)
      .all()
      .map(({ name }) => String(name));
    const keys = tables.flatMap((table): Key[] => [
      ...db
        .prepare(`select i.name as "index", c.name as first from pragma_index_list(?) i, pragma_index_info(i.name) c
          where i."unique" = 1 and c.seqno = 0`)
        .all(table)
        .map(({ first }) => ({ table, first: String(first) })),
      // A whole number as key is the place of the row itself, and no index.
      ...db
        .prepare(`select name as first from pragma_table_info(?) where pk = 1`)
        .all(table)
        .map(({ first }) => ({ table, first: String(first) })),
    ]);
    expect(keys.length).toBeGreaterThan(2 * tables.length - 2);
    expect(notOfTenant(keys)).toEqual([{ table: 'action_words', first: 'n' }]);
    db.close();
  });

  it.skipIf(!requirement('postgres18').ok)('on PostgreSQL, without exception', async () => {
    const server = await startPostgres('18');
    await (await openPostgresStore({ url: server.url, units: [], facts: {} })).close();
    const client = new pg.Client(server.url);
    await client.connect();
    const { rows } = await client.query<Key>(
      `select c.relname as table, a.attname as first from pg_index i
       join pg_class c on c.oid = i.indrelid and c.relnamespace = 'interdict'::regnamespace
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
       where i.indisunique or i.indisprimary`,
    );
    const tables = await client.query(`select from pg_tables where schemaname = 'interdict'`);
    await client.end();
    await server.stop();
    expect(rows.length).toBeGreaterThanOrEqual(tables.rowCount ?? 0);
    expect(notOfTenant(rows)).toEqual([]);
  });
});

const forgetful = (name: QueryName): Statements<QueryName> => ({
  ...allStatements,
  [name]: (db: never, argument: Arguments<QueryName>, dialect: never) =>
    (allStatements[name] as (...of: readonly unknown[]) => never)(
      db,
      new Proxy(argument, { get: (known, key) => (key === 'tenant_id' ? 'any' : Reflect.get(known, key)) }),
      dialect,
    ),
});

it.each([sqliteDialect, postgresDialect])(
  'no statement of $name is served that does not name the tenant',
  (dialect) => {
    expect(prepareAll(dialect, allStatements).size).toBe(Object.keys(allStatements).length);
    for (const name of Object.keys(allStatements) as QueryName[]) {
      expect(() => prepareAll(dialect, forgetful(name))).toThrow(`The statement ${name} reaches rows without naming`);
    }
  },
);
