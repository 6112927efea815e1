import { type Compilable, type Kysely, type SqlBool, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import type { Database } from '../schema.ts';
import { compiled, createTable, type Migration } from './migration.ts';

/** `provider` is empty where the pause is of all. Of each kind at most one lasts for a provider. */
const pauses = (db: Kysely<Database>, dialect: SqlDialect): readonly Compilable[] => [
  createTable(
    db,
    dialect,
    'dispatch_pause',
    ['tenant_id', 'id'],
    'provider kind reason app_id user_name? since# until#?',
  ).modifyEnd(dialect.clustered),
  db.schema
    .createIndex('dispatch_pause_lasting')
    .on('dispatch_pause')
    .unique()
    .columns(['tenant_id', 'provider', 'kind'])
    .where(sql<SqlBool>`until is null`),
];

const scheduled = (db: Kysely<Database>): Compilable =>
  db.schema
    .createIndex('action_scheduled')
    .on('action')
    .columns(['tenant_id', 'start_at'])
    .where(sql<SqlBool>`state = 'scheduled' and start_at is not null`);

export const pause: Migration = {
  name: '0004-pause',
  // An older process would go on sending while a newer one has stopped the dispatch.
  breaking: true,
  statements: (db, dialect) => [
    ...pauses(db, dialect),
    scheduled(db),
    ...compiled(db, dialect.guardByTenant('dispatch_pause')),
  ],
};
