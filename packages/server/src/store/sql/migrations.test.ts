import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../../test/postgres.ts';
import { requirement } from '../../../../../test/requirement.ts';
import { postgresDialect, sqliteDialect } from './dialect.ts';
import { factsOfMigration, MIGRATIONS, migrationFact } from './migrations/all-migrations.ts';
import { preparePostgres } from './postgres-open.ts';
import { statementBuilder } from './prepare.ts';
import { databaseFile, migrateSqlite, openWriter } from './sqlite-open.ts';
import { fillTenant, pictureOf, readTables } from './testing/tenant-rows.ts';

const PROGRAM = path.join(import.meta.dirname, 'testing', 'migrate.ts');

/** Starts the program on a database; resolves with the signal by which it ended. */
async function killBehind(engine: 'sqlite' | 'postgres', place: string, statements: number): Promise<string | null> {
  const args = ['--conditions=source', PROGRAM, engine, place, String(statements)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal;
}

/** What stands for a migration in the database until it has run: without it, one that has not run counts as run. */
const later = (index: number): readonly string[] => MIGRATIONS.slice(index).map(({ name }) => migrationFact(name));

const lengthOf = (index: number, dialect: typeof sqliteDialect): number =>
  MIGRATIONS[index]?.statements(statementBuilder(dialect), dialect).length ?? 0;

/** The schema and all rows, but for the moment at which a migration ran. */
function sqlitePicture(folder: string): string {
  const db = new DatabaseSync(databaseFile(folder), { readOnly: true });
  const schema = db.prepare('select type, name, sql from sqlite_master order by name').all();
  const tables = schema.filter(({ type, name }) => type === 'table' && !String(name).startsWith('action_words_index'));
  const rows = tables.map(({ name }) => [
    name,
    db.prepare(name === 'fact' ? 'select name from fact order by name' : `select * from "${String(name)}"`).all(),
  ]);
  const check = db.prepare('pragma integrity_check').all();
  db.close();
  return JSON.stringify([schema, rows, check]);
}

/** What a kill would leave in the files behind each statement of the first migration that is still to run. */
function leftBehindEach(folder: string): readonly string[] {
  const copy = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-left-'));
  const db = openWriter(copy);
  db.close();
  for (const file of readdirSync(folder)) cpSync(path.join(folder, file), path.join(copy, file));
  const left: string[] = [];
  const working = openWriter(copy);
  const exec = (sql: string): void => {
    if (sql === 'commit') throw new Error('enough');
    working.exec(sql);
    if (!working.isTransaction || sql.startsWith('begin')) return;
    const seen = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-left-'));
    // The index of the log is memory that processes share: a kill leaves none that counts.
    for (const file of readdirSync(copy).filter((name) => !name.endsWith('-shm'))) {
      cpSync(path.join(copy, file), path.join(seen, file));
    }
    left.push(sqlitePicture(seen));
    rmSync(seen, { recursive: true });
  };
  const watched = new Proxy(working, {
    get: (db, name) => (name === 'exec' ? exec : (Reflect.get(db, name) as () => unknown).bind(db)),
  });
  expect(() => migrateSqlite(watched)).toThrow('enough');
  working.close();
  rmSync(copy, { recursive: true });
  return left;
}

/** A row of anything in each table that has a tenant. */
function fillSqlite(db: DatabaseSync): void {
  const tables = db.prepare("select name from sqlite_master where type = 'table' and sql like '%tenant_id%'").all();
  for (const { name } of tables) {
    const columns = db.prepare('select name, type from pragma_table_info(?)').all(String(name));
    const values = columns.map((column): SQLInputValue => {
      if (String(column.name) === 'entity') return '{"id":"1","clientContext":"case-1"}';
      return column.type === 'INTEGER' ? 1 : '1';
    });
    const places = columns.map(() => '?').join(', ');
    db.prepare(`insert or ignore into "${String(name)}" values (${places})`).run(...values);
  }
}

describe.each(MIGRATIONS.map(({ name }, index) => [name, index] as const))('a kill in migration %s', (name, index) => {
  it('leaves a SQLite file as it was, behind each of its statements, and the next start ends it', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-migration-'));
    const db = openWriter(folder);
    db.exec('create table fact (name text primary key, value text not null) strict');
    for (const fact of later(index)) db.prepare(`insert into fact values (?, '')`).run(fact);
    migrateSqlite(db);
    for (const fact of later(index)) db.prepare('delete from fact where name = ?').run(fact);
    fillSqlite(db);
    db.close();
    const before = sqlitePicture(folder);
    const length = lengthOf(index, sqliteDialect);
    if (length > 0) expect(await killBehind('sqlite', folder, Math.ceil(length / 2))).toBe('SIGKILL');
    expect(sqlitePicture(folder)).toBe(before);
    expect(leftBehindEach(folder)).toEqual(Array.from({ length }, () => before));
    const again = openWriter(folder);
    migrateSqlite(again);
    const facts = again.prepare('select name from fact').all();
    const filledIn = name === '0002-query' ? again.prepare('select client_context from action').get() : undefined;
    again.close();
    expect(facts.map((fact) => fact.name).sort()).toEqual(MIGRATIONS.flatMap(factsOfMigration).toSorted());
    expect(sqlitePicture(folder)).toContain('"ok"');
    if (name === '0002-query') expect(filledIn).toMatchObject({ client_context: 'case-1' });
    rmSync(folder, { recursive: true });
  });
});

const CATALOGUE = `select json_agg(t order by t::text)::text as seen from (
    select table_name, column_name || data_type || is_nullable as what from information_schema.columns
      where table_schema = 'interdict'
    union all select tablename, indexdef from pg_indexes where schemaname = 'interdict'
    union all select tablename, policyname || coalesce(qual, '') from pg_policies where schemaname = 'interdict'
    union all select relname, format('%s %s', relrowsecurity, relforcerowsecurity) from pg_class
      where relnamespace = 'interdict'::regnamespace and relkind = 'r'
    union all select 'fact', name from interdict.fact
  ) t`;

describe.skipIf(!requirement('postgres18').ok)('on PostgreSQL', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres('18');
  });
  afterAll(() => server?.stop());

  const withClient = async <Value>(url: string, use: (client: pg.Client) => Promise<Value>): Promise<Value> => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return await use(client);
    } finally {
      await client.end();
    }
  };

  async function picture(client: pg.Client): Promise<string> {
    const { rows } = await client.query<{ seen: string }>(CATALOGUE);
    const tables = await readTables(client);
    const filled = tables.length === 0 ? [] : (await client.query(pictureOf('mine', tables))).rows;
    return JSON.stringify([rows, filled]);
  }

  /** The database as the version before the migration left it, with rows. */
  async function prepareBefore(url: string, index: number): Promise<void> {
    await withClient(url, async (client) => {
      await client.query('create schema interdict');
      await client.query('create table interdict.fact (name text collate "C" primary key, value text not null)');
      for (const name of later(index)) await client.query(`insert into interdict.fact values ($1, '')`, [name]);
    });
    // What it grants to the server is there behind the last migration only.
    await preparePostgres(url, {}).catch(() => undefined);
    await withClient(url, async (client) => {
      await client.query('delete from interdict.fact where name = any ($1)', [later(index)]);
      const tables = await readTables(client);
      await fillTenant(client, 'mine', tables);
    });
  }

  /** The connection breaks behind so many statements of a migration: all that a database sees of a kill. */
  async function breakBehind(url: string, statements: number): Promise<void> {
    const { query } = pg.Client.prototype;
    let left: number | undefined;
    pg.Client.prototype.query = function (this: pg.Client, ...args: readonly unknown[]) {
      if (args[0] === 'begin') left = statements;
      else if (left !== undefined) left -= 1;
      const answer = Reflect.apply(query, this, args) as Promise<unknown>;
      if (left !== 0) return answer;
      const { stream } = (this as unknown as { connection: { stream: { destroy(): void } } }).connection;
      return answer.finally(() => stream.destroy());
    } as never;
    try {
      await expect(preparePostgres(url, {})).rejects.toThrow('Connection terminated');
    } finally {
      pg.Client.prototype.query = query;
    }
  }

  it.each(MIGRATIONS.map(({ name }, index) => [name, index] as const))(
    'a kill in migration %s leaves the database as it was, and the next start ends it',
    async (_, index) => {
      const name = `m_${index}`;
      await withClient(server.url, (client) => client.query(`create database ${name}`));
      const url = server.urlOf(name);
      await prepareBefore(url, index);
      const length = lengthOf(index, postgresDialect);
      const facts = await withClient(url, async (client) => {
        const before = await picture(client);
        expect(await killBehind('postgres', url, Math.ceil(length / 2))).toBe('SIGKILL');
        expect(await picture(client)).toBe(before);
        for (let statements = 1; statements <= length; statements += 1) {
          await breakBehind(url, statements);
          expect(await picture(client), `behind ${statements}`).toBe(before);
        }
        await preparePostgres(url, {});
        return await client.query<{ name: string }>('select name from interdict.fact');
      });
      expect(facts.rows.map((row) => row.name).sort()).toEqual(MIGRATIONS.flatMap(factsOfMigration).toSorted());
    },
    120_000,
  );
});
