import {
  type Dialect,
  DummyDriver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import type { Database } from './schema.ts';

/**
 * Everything SQLite and PostgreSQL do differently in the text of a statement. A difference that is not listed here
 * does not exist for the rest of the store. How a group of units is carried through is each engine's own.
 */
export interface SqlDialect {
  readonly name: 'sqlite' | 'postgres';

  /** Compiles statements; never connects. */
  readonly compiler: Dialect;

  /** Text compared byte by byte, so that both databases sort and match alike. */
  readonly text: RawBuilder<unknown>;

  /** A whole number up to 2^53. */
  readonly integer: RawBuilder<unknown>;

  /** Behind `create table (…)`: small rows that live in their key's tree, where the database can. */
  readonly clustered: RawBuilder<unknown>;

  /** Behind `create table (…)`: large rows, beside their key's tree. */
  readonly rows: RawBuilder<unknown>;

  /** Statements that bind a table's rows to the tenant of the connection, beside each statement's own predicate. */
  guardByTenant(table: keyof Database): readonly RawBuilder<unknown>[];

  /** Statements that reach the rows of all tenants: a migration's, between two guards. */
  unguarded(table: keyof Database, statements: readonly RawBuilder<unknown>[]): readonly RawBuilder<unknown>[];

  /** A member of a column of JSON, as text; null where it is absent, or is a text that a column cannot hold. */
  memberOf(column: string, member: string): RawBuilder<string | null>;
}

export const sqliteDialect: SqlDialect = {
  name: 'sqlite',
  compiler: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
  text: sql`text`,
  integer: sql`integer`,
  clustered: sql`strict, without rowid`,
  rows: sql`strict`,
  guardByTenant: () => [],
  unguarded: (_, statements) => statements,
  memberOf: (column, member) => sql`case
    when instr(${sql.ref(column)}, '\\u0000') = 0 and instr(${sql.ref(column)}, '\\ud') = 0
    then json_extract(${sql.ref(column)}, ${sql.lit(`$.${member}`)}) end`,
};

export const postgresDialect: SqlDialect = {
  name: 'postgres',
  compiler: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
  text: sql`text collate "C"`,
  integer: sql`bigint`,
  clustered: sql``,
  rows: sql``,
  guardByTenant: (table) => [
    sql`alter table ${sql.table(table)} enable row level security`,
    sql`alter table ${sql.table(table)} force row level security`,
    sql`create policy of_tenant on ${sql.table(table)} using (tenant_id = current_setting('interdict.tenant', true))`,
  ],
  unguarded: (table, statements) => [
    sql`alter table ${sql.table(table)} no force row level security`,
    ...statements,
    sql`alter table ${sql.table(table)} force row level security`,
  ],
  memberOf: (column, member) => sql`case
    when strpos(${sql.ref(column)}, '\\u0000') = 0 and strpos(${sql.ref(column)}, '\\ud') = 0
    then ${sql.ref(column)}::json ->> ${sql.lit(member)} end`,
};
