import { type SqlBool, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** How often in a row a call of an effect was under way when its process died. */
export const abandoned: Migration = {
  name: '0007-abandoned',
  breaking: false,
  statements: (db, dialect) => [
    db.schema
      .alterTable('enforcement')
      .addColumn('abandoned', dialect.integer as never, (column) => column.notNull().defaultTo(0)),
    db.schema
      .createIndex('enforcement_suspect')
      .on('enforcement')
      .columns(['tenant_id', 'provider', 'lane', 'due_at'])
      .where(sql<SqlBool>`abandoned > 1`),
  ],
};
