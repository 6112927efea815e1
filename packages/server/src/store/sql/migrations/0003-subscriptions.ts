import { type Compilable, type Kysely, type SqlBool, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import type { Database } from '../schema.ts';
import { compiled, createTable, type Migration } from './migration.ts';

/** Which tenants have any stands in the tenant's own row: the one question that is asked across tenants. */
const marks = (db: Kysely<Database>, dialect: SqlDialect): readonly Compilable[] => [
  db.schema
    .alterTable('tenant')
    .addColumn('subscribed', dialect.integer as never, (column) => column.notNull().defaultTo(0)),
  db.schema.createIndex('tenant_subscribed').on('tenant').columns(['tenant_id']).where(sql<SqlBool>`subscribed > 0`),
];

const tables = (db: Kysely<Database>, dialect: SqlDialect): readonly Compilable[] => [
  createTable(
    db,
    dialect,
    'subscription',
    ['tenant_id', 'id'],
    `version# app_id slot#? is_removed# content secrets host expires_at# reauthorize_at#? cursor# delivery_id? failing#
     wake_at#? lease_owner? lease_until#?`,
  ).modifyEnd(dialect.rows),
  db.schema
    .createIndex('subscription_slot')
    .on('subscription')
    .unique()
    .columns(['tenant_id', 'app_id', 'slot'])
    .where('slot', 'is not', null),
  createTable(
    db,
    dialect,
    'delivery',
    ['tenant_id', 'subscription_id', 'id'],
    'kind state first_sequence#? last_sequence#? notices attempts attempt_count# failing_since#? created_at# next_at#? is_again#',
  ).modifyEnd(dialect.rows),
  db.schema
    .createIndex('delivery_due')
    .on('delivery')
    .columns(['tenant_id', 'subscription_id', 'next_at'])
    .where(sql<SqlBool>`next_at is not null`),
];

export const subscriptions: Migration = {
  name: '0003-subscriptions',
  breaking: false,
  statements: (db, dialect) => [
    ...marks(db, dialect),
    ...tables(db, dialect),
    ...(['subscription', 'delivery'] as const).flatMap((table) => compiled(db, dialect.guardByTenant(table))),
  ],
};
