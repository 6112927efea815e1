import type { Migration } from './migration.ts';

/** A request without a key is known by its action: a table of its own cost each create a page of the disk. */
export const requestHash: Migration = {
  name: '0010-request-hash',
  // An older process would write into the table that goes.
  breaking: true,
  statements: (db, dialect) => [
    db.schema.alterTable('action').addColumn('request_hash', dialect.text as never),
    db.schema.dropTable('recent_request'),
  ],
};
