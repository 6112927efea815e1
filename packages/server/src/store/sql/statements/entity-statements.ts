import { type Kysely, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { QueryName } from '../../queries.ts';
import type { Statements } from '../prepare.ts';
import type { Database } from '../schema.ts';

type EntityQuery = Extract<QueryName, 'entityById' | 'tagById' | 'ttlById' | 'newestEntities' | 'entitiesAfter'>;

/** The ledger is asked only for the actions whose text it knows better. */
const entitiesFrom = (actions: SelectQueryBuilder<Database, 'action', object>, tenantId: string) =>
  actions
    .leftJoin('enforcement', (join) =>
      join
        .onRef('enforcement.tenant_id', '=', 'action.tenant_id')
        .onRef('enforcement.id', '=', 'action.enforcement_id')
        .on('action.live_offset', 'is not', null),
    )
    .select([
      'action.id',
      'action.version',
      'action.created_at',
      'action.entity',
      'action.seed_entity',
      'action.live_offset',
      'action.hold',
      'enforcement.verified_at',
      'enforcement.holds',
    ])
    .where('action.tenant_id', '=', tenantId);

export const entities = (db: Kysely<Database>, tenantId: string) => entitiesFrom(db.selectFrom('action'), tenantId);

/**
 * Entities by their ids. In SQLite a cross join says which side goes first: by itself it would walk through all
 * actions, and look which are among the ids.
 * @param ids rows of one column, `value`
 */
export const entitiesAmong = (db: Kysely<Database>, tenantId: string, ids: RawBuilder<{ readonly value: string }>) =>
  entitiesFrom(db.selectFrom(ids.as('one')).crossJoin('action') as never, tenantId).where(
    'action.id',
    '=',
    sql.ref<string>('one.value'),
  );

/**
 * Entities of what a query finds, in the order in which it finds them: `found` goes first here too.
 * @param found rows with `id` and `created_at`
 */
export const entitiesFound = (
  db: Kysely<Database>,
  tenantId: string,
  found: SelectQueryBuilder<Database, 'action', { id: string; created_at: string }>,
) =>
  entitiesFrom(db.selectFrom(found.as('found')).crossJoin('action') as never, tenantId).where(
    'action.id',
    '=',
    sql.ref<string>('found.id'),
  );

const newestFirst = (db: Kysely<Database>, tenantId: string) =>
  entities(db, tenantId).orderBy('action.created_at', 'desc').orderBy('action.id', 'desc');

export const entityStatements: Statements<EntityQuery> = {
  entityById: (db, a) => entities(db, a.tenant_id).where('action.id', '=', a.id),

  tagById: (db, a) =>
    entities(db, a.tenant_id)
      .where('action.id', '=', a.id)
      .clearSelect()
      .select([
        'action.id',
        'action.version',
        'action.live_offset',
        'action.hold',
        'enforcement.verified_at',
        'enforcement.holds',
      ]),

  ttlById: (db, a) =>
    db.selectFrom('action').select(['id', 'ttl_ms']).where('tenant_id', '=', a.tenant_id).where('id', '=', a.id),

  newestEntities: (db, a) => newestFirst(db, a.tenant_id).limit(a.limit),

  entitiesAfter: (db, a) =>
    newestFirst(db, a.tenant_id)
      .where((eb) =>
        eb(eb.refTuple('action.created_at', 'action.id'), '<', eb.tuple(eb.val(a.created_at), eb.val(a.id))),
      )
      .limit(a.limit),
};
