import type { Migration } from './migration.ts';

/** The row that every unit of work reads anyway says whether a request may have been overtaken by its own repeat. */
export const repeatMadeAt: Migration = {
  name: '0011-repeat-made-at',
  // An older process would not write down that a repeat of its own made an action.
  breaking: true,
  statements: (db, dialect) => [db.schema.alterTable('tenant').addColumn('repeat_made_at', dialect.integer as never)],
};
