import { type Compilable, type Kysely, type SqlBool, sql } from 'kysely';
import type { Database } from '../schema.ts';
import { compiled, createTable, type Migration } from './migration.ts';

/** States in which an action does not stay: those that people look for, and that few actions are in. */
const PASSING = ['awaitingApproval', 'scheduled', 'unknown', 'drifted', 'releasing', 'releaseFailed'] as const;

const isPassing = sql<SqlBool>`state in (${sql.join(PASSING.map((state) => sql.lit(state)))})`;

/** Ways in to a filter, each in the order of creation. What is not often set, or not often so, costs nothing else. */
const ways = (db: Kysely<Database>): readonly Compilable[] => [
  db.schema.createIndex('action_by_status').on('action').columns(['tenant_id', 'status', 'created_at', 'id']),
  db.schema
    .createIndex('action_by_state')
    .on('action')
    .columns(['tenant_id', 'state', 'created_at', 'id'])
    .where(isPassing),
  db.schema
    .createIndex('action_by_target')
    .on('action')
    .columns(['tenant_id', 'target', 'created_at', 'id'])
    .where('target', 'is not', null),
  db.schema
    .createIndex('action_by_client_context')
    .on('action')
    .columns(['tenant_id', 'client_context', 'created_at', 'id'])
    .where('client_context', 'is not', null),
];

export const query: Migration = {
  name: '0002-query',
  // An older process would write actions without their `client_context`, and nobody would fill it in.
  breaking: true,
  statements: (db, dialect) => [
    db.schema.alterTable('action').addColumn('client_context', dialect.text as never),
    ...compiled(
      db,
      dialect.unguarded('action', [
        sql`update action set client_context = ${dialect.memberOf('entity', 'clientContext')}`,
      ]),
    ),
    ...ways(db),
    createTable(db, dialect, 'kept_order', ['tenant_id', 'id', 'chunk#'], 'app_id ids until#').modifyEnd(dialect.rows),
    db.schema.createIndex('kept_order_until').on('kept_order').columns(['tenant_id', 'until']),
    ...compiled(db, dialect.guardByTenant('kept_order')),
    ...compiled(db, dialect.wordTable),
    createTable(db, dialect, 'word_index', ['tenant_id'], 'sequence#').modifyEnd(dialect.clustered),
    ...compiled(db, dialect.guardByTenant('word_index')),
  ],
};
