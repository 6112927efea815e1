import type { Migration } from './migration.ts';

/** The row that every unit of work reads anyway says whether a request may have been overtaken by its own repeat. */
export const repeatMadeAt: Migration = {
  name: '0011-repeat-made-at',
  // An older process does not write down that a repeat of its own made an action. That it is breaking keeps such from
  // starting; one that still runs is to be stopped first, as docs/operate.md says.
  breaking: true,
  statements: (db, dialect) => [db.schema.alterTable('tenant').addColumn('repeat_made_at', dialect.integer as never)],
};
