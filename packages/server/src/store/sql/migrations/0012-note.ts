import type { Migration } from './migration.ts';

/** What a connector wants to know again when it takes an effect back. */
export const note: Migration = {
  name: '0012-note',
  breaking: false,
  statements: (db, dialect) => [db.schema.alterTable('enforcement').addColumn('note', dialect.text as never)],
};
