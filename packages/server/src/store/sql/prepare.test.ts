import { expect, it } from 'vitest';
import { sqliteDialect } from './dialect.ts';
import { prepareAll } from './prepare.ts';
import { allStatements } from './statements/all-statements.ts';

it('gives SQLite no limit as a bare argument: it would plan the statement anew at every call', () => {
  const texts = [...prepareAll(sqliteDialect, allStatements).values()].map(({ sql }) => sql);
  expect(texts.filter((sql) => /limit \?/.test(sql)).length).toBeGreaterThan(10);
  expect(texts.filter((sql) => /limit \?(?! \+ 0)/.test(sql))).toEqual([]);
});
