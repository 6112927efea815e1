import { type Compilable, type Kysely, type SqlBool, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import type { Database } from '../schema.ts';
import { compiled, createTable, type Migration } from './migration.ts';

/** Every index costs a create 3 to 4 CPU µs: those on what is rarely set are partial. */
const actions = (db: Kysely<Database>, dialect: SqlDialect): readonly Compilable[] => [
  createTable(
    db,
    dialect,
    'action',
    ['tenant_id', 'id'],
    `version# created_at status? state app_id user_name? provider? action? target? entity seed_entity? live_offset#?
     enforcement_id? hold ttl_ms#? hold_until#? deadline_at#? start_at#? end_at#? ending?
     key_hash? key_fingerprint? key_until#?`,
  ).modifyEnd(dialect.rows),
  db.schema.createIndex('action_newest').on('action').columns(['tenant_id', 'created_at', 'id']),
  db.schema
    .createIndex('action_start')
    .on('action')
    .columns(['tenant_id', 'provider', 'start_at', 'id'])
    .where('start_at', 'is not', null),
  db.schema.createIndex('action_end').on('action').columns(['tenant_id', 'end_at']).where('end_at', 'is not', null),
  db.schema
    .createIndex('action_holds')
    .on('action')
    .columns(['tenant_id', 'enforcement_id', 'id'])
    .where('enforcement_id', 'is not', null),
  db.schema
    .createIndex('action_repeatable')
    .on('action')
    .unique()
    .columns(['tenant_id', 'key_hash'])
    .where('key_hash', 'is not', null),
  createTable(db, dialect, 'used_key', ['tenant_id', 'key_hash'], 'fingerprint action_id until#').modifyEnd(
    dialect.clustered,
  ),
];

const ledger = (db: Kysely<Database>, dialect: SqlDialect): readonly Compilable[] => [
  createTable(
    db,
    dialect,
    'enforcement',
    ['tenant_id', 'id'],
    `version# provider action target known answered_pending# holds# wanted_until#? told_until#? level verified_at? looked# preexisting#
     operation? operation_id? attempt# operation_at#? release_wished_at#? release_failed# settles_at#? unanswered_until#? disproved# stalls#
     drift_count# drift_at? last_message? last_subcode# wanted_seq#? first_wanted_seq#? unwanted_seq#?
     fence# lease_owner? leased_at#? lease_until#? lease_call? lane# due_at#?`,
  ).modifyEnd(dialect.rows),
  db.schema
    .createIndex('enforcement_effect')
    .on('enforcement')
    .unique()
    .columns(['tenant_id', 'provider', 'action', 'target']),
  db.schema
    .createIndex('enforcement_due')
    .on('enforcement')
    .columns(['tenant_id', 'provider', 'lane', 'due_at'])
    .where('due_at', 'is not', null),
  db.schema
    .createIndex('enforcement_leased')
    .on('enforcement')
    .columns(['tenant_id', 'lease_owner'])
    .where('lease_owner', 'is not', null),
  db.schema
    .createIndex('enforcement_releasing')
    .on('enforcement')
    .columns(['tenant_id', 'provider', 'release_wished_at'])
    .where(sql<SqlBool>`release_wished_at is not null and release_failed = 0`),
  createTable(
    db,
    dialect,
    'feed_fetch',
    ['tenant_id', 'provider', 'list', 'key_name', 'id'],
    'state number# over_at_number#? since# sequence#? version? begun_at# got_at#?',
  ).modifyEnd(dialect.clustered),
];

const tenants = (db: Kysely<Database>, dialect: SqlDialect): readonly Compilable[] => [
  createTable(db, dialect, 'tenant', ['tenant_id'], 'last_sequence# action_count# due_at#?').modifyEnd(
    dialect.clustered,
  ),
  db.schema.createIndex('tenant_due').on('tenant').columns(['due_at']).where('due_at', 'is not', null),
  createTable(
    db,
    dialect,
    'journal',
    ['tenant_id', 'sequence#'],
    'written_at action_id? event? type content',
  ).modifyEnd(dialect.rows),
];

const GUARDED = ['action', 'used_key', 'enforcement', 'feed_fetch', 'journal'] as const;

export const first: Migration = {
  name: '0001-first',
  breaking: false,
  statements: (db, dialect) => [
    ...actions(db, dialect),
    ...ledger(db, dialect),
    ...tenants(db, dialect),
    ...GUARDED.flatMap((table) => compiled(db, dialect.guardByTenant(table))),
  ],
};
