import {
  type Dialect,
  DummyDriver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  type SqlBool,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import type { WordQuery } from '../../odata/search.ts';
import type { Database } from './schema.ts';
import { ftsSearch, ftsText, type IndexedWords, vectorSearch, vectorText } from './word-texts.ts';

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

  /** The same for a table that is read across tenants: each may write its own rows only. */
  guardWritesByTenant(table: keyof Database): readonly RawBuilder<unknown>[];

  /** Statements that reach the rows of all tenants: a migration's, between two guards. */
  unguarded(table: keyof Database, statements: readonly RawBuilder<unknown>[]): readonly RawBuilder<unknown>[];

  /** A member of a column of JSON, as text; null where it is absent, or is a text that a column cannot hold. */
  memberOf(column: string, member: string): RawBuilder<string | null>;

  /** The elements of a JSON array of texts, as rows of a column `value`. */
  eachOf(array: unknown): RawBuilder<{ readonly value: string }>;

  /** Whether an ordered union of ordered indexes is merged row by row, and read no further than its limit. */
  readonly mergesUnions: boolean;

  /** Says of a condition that it leads to few rows, where the database does not know by itself. */
  rarely(condition: RawBuilder<SqlBool>): RawBuilder<SqlBool>;

  /** Statements that make `action_words`, its full-text index, and its guard. */
  readonly wordTable: readonly RawBuilder<unknown>[];

  /** Rows of `action_words` that a search finds, as `id` and `created_at`. */
  foundWords(tenantId: unknown, search: unknown, limit: unknown): RawBuilder<{ id: string; created_at: string }>;

  /**
   * A statement's text so that it is planned once. SQLite looks at the argument of a LIMIT when it plans, and plans
   * anew whenever that is bound: 10 to 50 µs each time, where the statement itself takes 1. An expression keeps the plan.
   */
  planOnce(sql: string): string;

  /**
   * Whether a guarded write tells by its count that it touched its row: for `returning` SQLite keeps a copy of every
   * page that the row touches, 12 to 35 µs a write.
   */
  readonly countsWrites: boolean;

  /** Arguments that each database wants in a text of its own, by their names. */
  readonly encoders: {
    words(tenantId: string, words: IndexedWords): string;
    search(tenantId: string, search: WordQuery): string;
  };
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
  guardWritesByTenant: () => [],
  unguarded: (_, statements) => statements,
  // The member as JSON, without its escaped backslashes: what is behind one that is left is an escape.
  memberOf: (column, member) => {
    const path = sql.lit(`$.${member}`);
    const escapes = sql`replace(${sql.ref(column)} -> ${path}, '\\\\', '')`;
    return sql`case when instr(${escapes}, '\\u0000') = 0 and instr(${escapes}, '\\ud') = 0
      then json_extract(${sql.ref(column)}, ${path}) end`;
  },
  mergesUnions: true,
  // Without statistics it takes a range of moments for as narrow as the index that has the range behind a value.
  rarely: (condition) => sql`likelihood(${condition}, 0.001)`,
  eachOf: (array) => sql`json_each(${array})`,
  // Our words are in lower case and stand between blanks: `ascii` neither folds nor parts anything in them.
  wordTable: [
    sql`create table action_words (n integer primary key, tenant_id text not null, id text not null,
      created_at text not null, words text not null, unique (tenant_id, id)) strict`,
    sql`create virtual table action_words_index using fts5(words, content = 'action_words', content_rowid = 'n',
      tokenize = 'ascii', columnsize = 0)`,
    sql`create trigger action_words_added after insert on action_words begin
      insert into action_words_index (rowid, words) values (new.n, new.words); end`,
    sql`create trigger action_words_removed after delete on action_words begin
      insert into action_words_index (action_words_index, rowid, words) values ('delete', old.n, old.words); end`,
    sql`create trigger action_words_changed after update on action_words begin
      insert into action_words_index (action_words_index, rowid, words) values ('delete', old.n, old.words);
      insert into action_words_index (rowid, words) values (new.n, new.words); end`,
  ],
  foundWords: (tenantId, search, limit) => sql`select action_words.id, action_words.created_at from action_words_index
    cross join action_words on action_words.n = action_words_index.rowid
    where action_words_index match ${search} and action_words.tenant_id = ${tenantId} limit ${limit}`,
  planOnce: (sql) => sql.replaceAll('limit ?', 'limit ? + 0'),
  countsWrites: true,
  encoders: { words: ftsText, search: ftsSearch },
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
  guardWritesByTenant: (table) => [
    sql`alter table ${sql.table(table)} enable row level security`,
    sql`create policy of_all on ${sql.table(table)} for select using (true)`,
    ...(['insert', 'update', 'delete'] as const).map((write) => {
      const own = sql`tenant_id = current_setting('interdict.tenant', true)`;
      const where = write === 'insert' ? sql`with check (${own})` : sql`using (${own})`;
      return sql`create policy ${sql.raw(`own_${write}`)} on ${sql.table(table)} for ${sql.raw(write)} ${where}`;
    }),
  ],
  unguarded: (table, statements) => [
    sql`alter table ${sql.table(table)} no force row level security`,
    ...statements,
    sql`alter table ${sql.table(table)} force row level security`,
  ],
  // It cannot read a member of JSON that has such a text anywhere: there these give way to characters that are none.
  memberOf: (column, member) => {
    const escaped = sql`replace(${sql.ref(column)}, '\\\\', '\\u005c')`;
    const readable = sql`replace(replace(${escaped}, '\\u0000', '\\ufdd0\\ufdd0\\ufdd0'), '\\ud', '\\ufdd0\\ufdd0\\ufdd0')`;
    const value = sql<string>`(${readable}::json ->> ${sql.lit(member)})`;
    return sql`case when strpos(${value}, repeat(chr(64976), 3)) = 0 then ${value} end`;
  },
  mergesUnions: false,
  rarely: (condition) => condition,
  eachOf: (array) => sql`jsonb_array_elements_text(${array}::jsonb)`,
  // Beside row-level security no index serves `@@`, which is not known to be leakproof. So the search is a function of
  // the table's owner, who is not under the guard, and binds the tenant itself; all else is under the guard.
  wordTable: [
    sql`create table action_words (tenant_id text collate "C" not null, id text collate "C" not null,
      created_at text collate "C" not null, words tsvector not null, primary key (tenant_id, id))`,
    // Words wait in a list until they are carried into the index together; the write that does it takes less than
    // with the usual 4 MB, and a search has less to look through.
    sql`create index action_words_index on action_words using gin (words) with (gin_pending_list_limit = 256)`,
    sql`alter table action_words enable row level security`,
    sql`create policy of_tenant on action_words using (tenant_id = current_setting('interdict.tenant', true))`,
    sql`create function find_words(tenant text, search tsquery, most bigint)
      returns table (id text, created_at text) language sql stable security definer set search_path from current
      as $$ select id, created_at from action_words where words @@ search and tenant_id = tenant
        and tenant = current_setting('interdict.tenant', true) limit most $$`,
    sql`revoke execute on function find_words from public`,
  ],
  foundWords: (tenantId, search, limit) =>
    sql`select id, created_at from find_words(${tenantId}, ${search}::tsquery, ${limit})`,
  planOnce: (sql) => sql,
  countsWrites: false,
  encoders: { words: vectorText, search: vectorSearch },
};
