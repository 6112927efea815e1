import type { QueryName } from '../../queries.ts';
import type { Statements } from '../prepare.ts';
import { pick } from './columns.ts';

type FeedQuery = Extract<QueryName, 'feedEntries' | 'feedFetches' | 'feedFetch' | 'saveFeedFetch' | 'wakeFeedEntries'>;

const FETCH = ['provider', 'list', 'key_name', 'sequence', 'version', 'fetched_at', 'fetching_since'] as const;

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

  feedFetches: (db, a) =>
    db
      .selectFrom('feed_fetch')
      .select(FETCH)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('list', '=', a.list),

  feedFetch: (db, a) =>
    db
      .selectFrom('feed_fetch')
      .select(FETCH)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('list', '=', a.list)
      .where('key_name', '=', a.key_name),

  saveFeedFetch: (db, a) =>
    db
      .insertInto('feed_fetch')
      .values(pick(a, ['tenant_id', ...FETCH]))
      .onConflict((conflict) =>
        conflict.columns(['tenant_id', 'provider', 'list', 'key_name']).doUpdateSet({
          sequence: a.sequence,
          version: a.version,
          fetched_at: a.fetched_at,
          fetching_since: a.fetching_since,
        }),
      ),

  wakeFeedEntries: (db, a) =>
    db
      .updateTable('enforcement')
      .set((eb) => ({ due_at: a.now, version: eb('version', '+', 1) }))
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('action', '=', a.action)
      .where('lease_owner', 'is', null)
      .where((eb) => eb.or([eb('known', '!=', 'inForce'), eb('holds', '=', 0)]))
      .returning('id'),
};
