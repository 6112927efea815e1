import type { QueryName } from '../../queries.ts';
import { LANES } from '../../rows.ts';
import type { Statements } from '../prepare.ts';
import { FEED_FETCH_COLUMNS, pick } from './columns.ts';

type FeedQuery = Extract<
  QueryName,
  | 'feedEntries'
  | 'feedChange'
  | 'feedMarks'
  | 'feedFetches'
  | 'feedFetchesOf'
  | 'feedFetchesOfKey'
  | 'saveFeedFetch'
  | 'deleteFeedFetch'
  | 'wakeFeedEntries'
>;

/** What is journaled of an action while its holds stay as they are. A type that is not here counts as a change. */
const LISTS_STAY = [
  'securityAction.created',
  'securityAction.recorded',
  'securityAction.attempted',
  'securityAction.completed',
  'securityAction.released',
  'securityAction.deleted',
] as const;

const ALL_LANES = Object.values(LANES);

const FETCH_KEY = ['provider', 'list', 'key_name', 'id'] as const;

const CHANGEABLE = FEED_FETCH_COLUMNS.filter((column) => !FETCH_KEY.some((key) => key === column));

export const feedStatements: Statements<FeedQuery> = {
  feedEntries: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(['id', 'target', 'wanted_until'])
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('action', '=', a.action)
      .where('target', '>', a.after)
      .where('holds', '>', 0)
      .orderBy('target')
      .limit(a.limit),

  feedChange: (db, a) =>
    db
      .selectFrom('journal')
      .leftJoin('action', (join) =>
        join.onRef('action.tenant_id', '=', 'journal.tenant_id').onRef('action.id', '=', 'journal.action_id'),
      )
      .select('journal.sequence')
      .where('journal.tenant_id', '=', a.tenant_id)
      .where('journal.sequence', '>', a.after)
      .where('journal.sequence', '<=', a.until)
      .where('journal.type', 'not in', LISTS_STAY)
      .where('journal.action_id', 'is not', null)
      // Of an action that was deleted meanwhile nobody knows any more where it held something.
      .where((eb) =>
        eb.or([
          eb('action.id', 'is', null),
          eb.and([eb('action.provider', '=', a.provider), eb('action.action', '=', a.action)]),
        ]),
      )
      .limit(1),

  feedMarks: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(['id', 'target', 'holds', 'wanted_until', 'wanted_seq', 'first_wanted_seq', 'unwanted_seq'])
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('action', '=', a.action)
      .where('target', '>', a.after)
      .orderBy('target')
      .limit(a.limit),

  feedFetches: (db, a) =>
    db
      .selectFrom('feed_fetch')
      .select(FEED_FETCH_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('list', '=', a.list),

  feedFetchesOf: (db, a) =>
    db
      .selectFrom('feed_fetch')
      .select(FEED_FETCH_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('list', '=', a.list)
      .where('key_name', '=', a.key_name),

  feedFetchesOfKey: (db, a) =>
    db
      .selectFrom('feed_fetch')
      .select(FEED_FETCH_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('list', '=', a.list)
      .where('key_name', '=', a.key_name),

  saveFeedFetch: (db, a) =>
    db
      .insertInto('feed_fetch')
      .values(pick(a, ['tenant_id', ...FEED_FETCH_COLUMNS]))
      .onConflict((conflict) => conflict.columns(['tenant_id', ...FETCH_KEY]).doUpdateSet(pick(a, CHANGEABLE))),

  deleteFeedFetch: (db, a) =>
    db
      .deleteFrom('feed_fetch')
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('list', '=', a.list)
      .where('key_name', '=', a.key_name)
      .where('id', '=', a.id),

  wakeFeedEntries: (db, a) =>
    db
      .updateTable('enforcement')
      .set((eb) => ({ due_at: a.now, version: eb('version', '+', 1) }))
      .where('tenant_id', '=', a.tenant_id)
      // Whatever waits is due some time: the index of those finds it in a list of any length.
      .where('id', 'in', (inner) =>
        inner
          .selectFrom('enforcement')
          .select('id')
          .where('tenant_id', '=', a.tenant_id)
          .where('provider', '=', a.provider)
          .where('lane', 'in', ALL_LANES)
          .where('due_at', '>', a.now),
      )
      .where('action', '=', a.action)
      .where('lease_owner', 'is', null)
      .where((eb) => eb.or([eb('known', '!=', 'inForce'), eb('holds', '=', 0)]))
      .returning('id'),
};
