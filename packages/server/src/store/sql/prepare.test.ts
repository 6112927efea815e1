import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { postgresDialect, sqliteDialect } from './dialect.ts';
import { type PreparedStatement, prepareAll } from './prepare.ts';
import { migrateSqlite } from './sqlite-open.ts';
import { allStatements } from './statements/all-statements.ts';

it('gives SQLite no limit as a bare argument: it would plan the statement anew at every call', () => {
  const texts = [...prepareAll(sqliteDialect, allStatements).values()].map(({ sql }) => sql);
  expect(texts.filter((sql) => /limit \?/.test(sql)).length).toBeGreaterThan(10);
  expect(texts.filter((sql) => /limit \?(?! \+ 0)/.test(sql))).toEqual([]);
});

it('lets no create, and no repeat of one, look through the actions of two minutes', () => {
  const db = new DatabaseSync(':memory:');
  migrateSqlite(db);
  const prepared = prepareAll(sqliteDialect, allStatements);
  const planOf = (name: string, args: Readonly<Record<string, unknown>>): readonly unknown[] => {
    const { sql, bind } = prepared.get(name) as PreparedStatement;
    const steps = db.prepare(`explain query plan ${sql}`).all(...(bind('t', args) as never[]));
    return steps.map(({ detail }) => detail).filter((detail) => /SEARCH|SCAN/.test(String(detail)));
  };
  expect(planOf('madeByRepeat', { key_hash: 'h' })).toEqual([
    'SEARCH action USING INDEX action_repeatable (tenant_id=? AND key_hash=?)',
    'SEARCH used_key USING PRIMARY KEY (tenant_id=? AND key_hash=?)',
  ]);
  expect(planOf('requestedOn', { target: 't', since: 's', hash: 'h', limit: 100 })).toEqual([
    'SEARCH action USING INDEX action_by_target (tenant_id=? AND target=? AND created_at>?)',
    'SCAN newest',
  ]);
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
