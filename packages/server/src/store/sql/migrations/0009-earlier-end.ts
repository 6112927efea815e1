import type { Migration } from './migration.ts';

/** The earliest end told by an apply that may still land behind one that told a later end. */
export const earlierEnd: Migration = {
  name: '0009-earlier-end',
  breaking: false,
  statements: (db, dialect) => [db.schema.alterTable('enforcement').addColumn('lost_until', dialect.integer as never)],
};
