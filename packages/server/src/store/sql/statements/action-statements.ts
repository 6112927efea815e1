import { type Kysely, type SqlBool, sql } from 'kysely';
import type { QueryName } from '../../queries.ts';
import { type ActionRow, STANDING } from '../../rows.ts';
import type { Arguments, Statements } from '../prepare.ts';
import type { Database } from '../schema.ts';
import { ACTION_COLUMNS, pick } from './columns.ts';

type ActionQuery = Extract<
  QueryName,
  | 'insertAction'
  | 'saveAction'
  | 'saveStanding'
  | 'deleteAction'
  | 'actionById'
  | 'overActions'
  | 'actionsOn'
  | 'newestActionOn'
  | 'dueActions'
  | 'endedActions'
  | 'endedActionsAfter'
  | 'moveEnd'
  | 'scheduledUntil'
  | 'nextScheduled'
  | 'nextStart'
  | 'nextEnd'
>;

/** What is so from the beginning on: an index of it is not written again. */
const LASTING: readonly string[] = [
  ...['id', 'created_at', 'app_id', 'user_name', 'provider', 'action', 'target', 'ttl_ms', 'deadline_at'],
  ...['request_hash', 'key_hash', 'key_fingerprint'],
];

const CHANGEABLE = ACTION_COLUMNS.filter((column) => column !== 'version' && !LASTING.includes(column));

/** These columns of a row, unless somebody else changed it since it was read. */
const save = (db: Kysely<Database>, a: Arguments<'saveAction'>, columns: readonly (keyof ActionRow)[]) =>
  db
    .updateTable('action')
    .set(pick(a, columns))
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('tenant_id', '=', a.tenant_id)
    .where('id', '=', a.id)
    .where('version', '=', a.version)
    .returning('id');

/** Whose end or deadline has come. */
const ended = (db: Kysely<Database>, a: { readonly tenant_id: string; readonly now: number }) =>
  db
    .selectFrom('action')
    .select((eb) => ['id', eb.ref('end_at').$notNull().as('end_at')])
    .where('tenant_id', '=', a.tenant_id)
    .where('end_at', '<=', a.now);

/** As the index of theirs is written. */
const scheduled = (db: Kysely<Database>, a: { readonly tenant_id: string }) =>
  db
    .selectFrom('action')
    .where('tenant_id', '=', a.tenant_id)
    .where(sql<SqlBool>`state = 'scheduled'`)
    .where('start_at', 'is not', null);

export const actionStatements: Statements<ActionQuery> = {
  insertAction: (db, a) =>
    db
      .insertInto('action')
      // No `returning`: for it SQLite keeps a copy of every page that the row touches.
      .values(pick(a, ['tenant_id', ...ACTION_COLUMNS])),

  saveAction: (db, a) => save(db, a, CHANGEABLE),

  saveStanding: (db, a) => save(db, a, [...STANDING]),

  deleteAction: (db, a) =>
    db
      .deleteFrom('action')
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id)
      .where('version', '=', a.version)
      .returning('id'),

  actionById: (db, a) =>
    db.selectFrom('action').select(ACTION_COLUMNS).where('tenant_id', '=', a.tenant_id).where('id', '=', a.id),

  overActions: (db, a) =>
    db
      .selectFrom('action')
      .select('id')
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '>', a.after)
      .where('id', '<', a.before)
      .where((eb) =>
        eb.or([
          eb('provider', 'is', null),
          eb.and([eb('status', 'in', ['Completed', 'Failed']), eb('state', 'in', ['none', 'released'])]),
        ]),
      )
      .orderBy('id')
      .limit(a.limit),

  actionsOn: (db, a) =>
    db
      .selectFrom('action')
      .select(ACTION_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('enforcement_id', '=', a.enforcement_id)
      .orderBy('id'),

  newestActionOn: (db, a) =>
    db
      .selectFrom('action')
      .select(ACTION_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('enforcement_id', '=', a.enforcement_id)
      .orderBy('id', 'desc')
      .limit(1),

  dueActions: (db, a) =>
    db
      .selectFrom('action')
      .select(({ fn, lit, selectFrom }) => [
        'id',
        'target',
        // Not "exists": for that PostgreSQL reads the tenant's whole ledger into a table of its own, in every turn.
        fn
          .coalesce(
            selectFrom('enforcement')
              .select(lit(1).as('one'))
              .whereRef('enforcement.tenant_id', '=', 'action.tenant_id')
              .whereRef('enforcement.provider', '=', 'action.provider')
              .whereRef('enforcement.action', '=', 'action.action')
              .whereRef('enforcement.target', '=', 'action.target')
              .limit(lit(1)),
            lit(0),
          )
          .as('joins'),
      ])
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('start_at', '<=', a.now)
      .orderBy('start_at')
      .orderBy('id')
      .limit(a.limit),

  endedActions: (db, a) => ended(db, a).orderBy('end_at').limit(a.limit),

  endedActionsAfter: (db, a) =>
    ended(db, a)
      .where((eb) => eb(eb.refTuple('end_at', 'id'), '>', eb.tuple(eb.val(a.end_at), eb.val(a.id))))
      .orderBy('end_at')
      .orderBy('id')
      .limit(a.limit),

  moveEnd: (db, a) =>
    db
      .updateTable('action')
      .set({ end_at: a.end_at })
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id)
      .where('version', '=', a.version)
      .returning('id'),

  scheduledUntil: (db, a) =>
    scheduled(db, a).select('id').where('start_at', '<=', a.now).orderBy('start_at').limit(a.limit),

  nextScheduled: (db, a) => scheduled(db, a).select('start_at').orderBy('start_at').limit(1),

  nextStart: (db, a) =>
    db
      .selectFrom('action')
      .select('start_at')
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('start_at', 'is not', null)
      .orderBy('start_at')
      .limit(1),

  nextEnd: (db, a) =>
    db
      .selectFrom('action')
      .select('end_at')
      .where('tenant_id', '=', a.tenant_id)
      .where('end_at', 'is not', null)
      .orderBy('end_at')
      .limit(1),
};
