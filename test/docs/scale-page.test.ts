import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ACROSS_TENANTS } from '../../packages/server/src/store/sql/across-tenants.ts';
import { postgresDialect } from '../../packages/server/src/store/sql/dialect.ts';
import { MIGRATIONS } from '../../packages/server/src/store/sql/migrations/all-migrations.ts';
import { GROUP_TEXTS } from '../../packages/server/src/store/sql/postgres-group.ts';
import { prepareAll, statementBuilder } from '../../packages/server/src/store/sql/prepare.ts';
import { allStatements } from '../../packages/server/src/store/sql/statements/all-statements.ts';
import { allWalks } from '../../packages/server/src/store/sql/testing/all-walks.ts';
import { boundTables, tablesOf } from '../../packages/server/src/store/sql/testing/tenant-places.ts';
import { codeIn, ROOT, readPage, rowsOf } from './page.ts';

const builder = statementBuilder(postgresDialect);
const made = MIGRATIONS.flatMap((migration) =>
  migration.statements(builder, postgresDialect).map((statement) => statement.compile().sql),
);
/** As migrations make them. */
const TABLES = new Set(made.flatMap((sql) => /^create table "?(\w+)/.exec(sql)?.[1] ?? []));

const oneShard: readonly (readonly [name: string, sql: string])[] = [
  ...[...prepareAll(postgresDialect, allStatements).values()].map(({ name, sql }) => [name, sql] as const),
  ...allWalks(postgresDialect).map(({ prepared }) => ['walk', prepared.sql] as const),
  ...Object.entries(GROUP_TEXTS),
];

/** The search goes through a function, which a test of its own looks into. */
const tablesIn = (sql: string): readonly string[] =>
  sql.includes('find_words(') ? ['action_words'] : [...new Set(tablesOf(sql, TABLES))].sort();

/** Statements by the tables that they name, both as the page writes them. */
function expectedRows(): readonly (readonly string[])[] {
  const names = new Map<string, Set<string>>();
  for (const [name, sql] of oneShard) {
    const tables = tablesIn(sql)
      .map((table) => `\`${table}\``)
      .join(', ');
    names.set(tables, (names.get(tables) ?? new Set()).add(`\`${name}\``));
  }
  return [...names]
    .map(([tables, of]) => [tables, [...of].sort().join(', ')])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
}

it('docs/scale.md has every statement that binds its tenant, beside the tables that it names', () => {
  expect(TABLES.size).toBeGreaterThan(10);
  for (const [name, sql] of oneShard) {
    if (!sql.includes('find_words(')) expect(boundTables(sql), `${name}: ${sql}`).toBe(tablesOf(sql, TABLES).length);
  }
  expect(rowsOf(readPage('docs/scale.md'), 'Tables')).toEqual(expectedRows());
});

it('docs/scale.md has every question that names no tenant, and they read the tenants alone', () => {
  const asked = rowsOf(readPage('docs/scale.md'), 'Question').map(([name]) => codeIn(name));
  expect(asked.sort()).toEqual(Object.keys(ACROSS_TENANTS).sort());
  for (const sql of Object.values(ACROSS_TENANTS)) expect(tablesOf(sql, TABLES)).toEqual(['tenant']);
});

it('no other text of the store reaches rows without naming their tenant', () => {
  const folder = path.join(ROOT, 'packages/server/src/store/sql');
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const known = new Set<string>(Object.values(ACROSS_TENANTS));
  let looked = 0;
  for (const file of files.filter((name) => name !== 'dialect.ts')) {
    const source = readFileSync(path.join(folder, file), 'utf8');
    for (const [, , sql = ''] of source.matchAll(/(['"`])((?:select|insert into|update|delete from) [^'"`]*)\1/g)) {
      if (known.has(sql) || tablesOf(sql, TABLES).length === 0) continue;
      looked += 1;
      expect(boundTables(sql), `${file}: ${sql}`).toBe(tablesOf(sql, TABLES).length);
    }
  }
  expect(looked).toBeGreaterThan(5);
});
