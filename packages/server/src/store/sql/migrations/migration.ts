import type { Compilable, Kysely, RawBuilder } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import type { Database } from '../schema.ts';

/** One step of the schema, carried through in one transaction. Append only: what has run anywhere is never edited. */
export interface Migration {
  readonly name: string;
  /** Servers of the version before cannot work on the schema after it. */
  readonly breaking: boolean;
  statements(db: Kysely<Database>, dialect: SqlDialect): readonly Compilable[];
}

type CreateTable = ReturnType<Kysely<Database>['schema']['createTable']>;

/** A table by its columns. The key's are never null; behind a name, `?` allows null and `#` makes a whole number. */
export function createTable(
  db: Kysely<Database>,
  dialect: SqlDialect,
  name: string,
  key: readonly string[],
  columns: string,
): CreateTable {
  let made = db.schema.createTable(name);
  for (const word of [...key, ...columns.split(/\s+/)].filter(Boolean)) {
    const [, plain = '', mark = ''] = /^(\w+)([?#]*)$/.exec(word) ?? [];
    const type = mark.includes('#') ? dialect.integer : dialect.text;
    made = made.addColumn(plain, type as never, (column) => (mark.includes('?') ? column : column.notNull()));
  }
  return made.addPrimaryKeyConstraint(`${name}_key`, key.map((word) => word.replace('#', '')) as never);
}

/** Statements that have no builder of their own. */
export const compiled = (db: Kysely<Database>, statements: readonly RawBuilder<unknown>[]): Compilable[] =>
  statements.map((statement) => ({ compile: () => statement.compile(db) as never }));
