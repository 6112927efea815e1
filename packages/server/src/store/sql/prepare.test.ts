import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { postgresDialect, sqliteDialect } from './dialect.ts';
import { prepareAll } from './prepare.ts';
import { migrateSqlite } from './sqlite-open.ts';
import { allStatements } from './statements/all-statements.ts';

it('gives SQLite no limit as a bare argument: it would plan the statement anew at every call', () => {
  const texts = [...prepareAll(sqliteDialect, allStatements).values()].map(({ sql }) => sql);
  expect(texts.filter((sql) => /limit \?/.test(sql)).length).toBeGreaterThan(10);
  expect(texts.filter((sql) => /limit \?(?! \+ 0)/.test(sql))).toEqual([]);
});

it('lets no create look through the requests of two minutes', () => {
  const db = new DatabaseSync(':memory:');
  migrateSqlite(db);
  const prepared = prepareAll(sqliteDialect, allStatements).get('madeByRepeat');
  const steps = db
    .prepare(`explain query plan ${prepared?.sql}`)
    .all(...((prepared?.bind('t', { hash: 'h' }) ?? []) as never[]));
  expect(steps.map(({ detail }) => detail)).toContain(
    'SEARCH recent_request USING INDEX recent_request_repeat (tenant_id=? AND hash=?)',
  );
});

it('asks SQLite for no row of a guarded write: for that it would keep a copy of every page that the write touches', () => {
  const guarded = (dialect: typeof sqliteDialect) =>
    ['saveAction', 'saveStanding', 'insertEnforcement', 'saveEnforcement', 'deleteEnforcement'].map((name) => {
      const { isCounted, sql } = prepareAll(dialect, allStatements).get(name) ?? {};
      return isCounted === true && !sql?.includes('returning');
    });
  expect(guarded(sqliteDialect)).toEqual([true, true, true, true, true]);
  expect(guarded(postgresDialect)).toEqual([false, false, false, false, false]);
});
