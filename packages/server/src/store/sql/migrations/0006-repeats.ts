import { type Compilable, type Kysely, type SqlBool, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import type { Database } from '../schema.ts';
import { compiled, createTable, type Migration } from './migration.ts';

/**
 * The slot of time leads the key: what is written lies together, however its hash comes out, and what is over goes
 * page by page. Few rows are made by a repeat: looking for one costs a create next to nothing.
 */
const recentRequests = (db: Kysely<Database>, dialect: SqlDialect): readonly Compilable[] => [
  createTable(db, dialect, 'recent_request', ['tenant_id', 'slot#', 'hash'], 'action_id made_at# is_repeat#').modifyEnd(
    dialect.clustered,
  ),
  db.schema
    .createIndex('recent_request_repeat')
    .on('recent_request')
    .columns(['tenant_id', 'hash'])
    .where(sql<SqlBool>`is_repeat = 1`),
];

export const repeats: Migration = {
  name: '0006-repeats',
  breaking: false,
  statements: (db, dialect) => [
    ...recentRequests(db, dialect),
    db.schema.createIndex('used_key_until').on('used_key').columns(['tenant_id', 'until']),
    ...compiled(db, dialect.guardByTenant('recent_request' as never)),
  ],
};
