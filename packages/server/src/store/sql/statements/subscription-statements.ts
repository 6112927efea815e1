import type { ExpressionBuilder } from 'kysely';
import type { QueryName } from '../../queries.ts';
import type { subscriptionQueries } from '../../subscription-queries.ts';
import type { Statements } from '../prepare.ts';
import type { Database } from '../schema.ts';
import { pick, SUBSCRIPTION_COLUMNS } from './columns.ts';
import { deliveryStatements } from './delivery-statements.ts';

type SubscriptionQuery = Extract<QueryName, keyof typeof subscriptionQueries>;

/** Whoever has read the row before finds another version. */
const grown = (eb: ExpressionBuilder<Database, 'subscription'>) => ({ version: eb('version', '+', 1) });

export const subscriptionStatements: Statements<SubscriptionQuery> = {
  ...deliveryStatements,

  insertSubscription: (db, a) => db.insertInto('subscription').values(pick(a, ['tenant_id', ...SUBSCRIPTION_COLUMNS])),

  subscriptionById: (db, a) =>
    db
      .selectFrom('subscription')
      .select(SUBSCRIPTION_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id),

  subscriptionsOf: (db, a) =>
    db
      .selectFrom('subscription')
      .select(SUBSCRIPTION_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('app_id', '=', a.app_id)
      .where('slot', 'is not', null)
      .orderBy('id'),

  subscriptionIds: (db, a) =>
    db
      .selectFrom('subscription')
      .select('id')
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '>', a.after)
      .orderBy('id')
      .limit(a.limit),

  awakeSubscriptions: (db, a) =>
    db
      .selectFrom('subscription')
      .select(['id', 'app_id', 'host', 'failing', 'lease_owner', 'lease_until'])
      .where('tenant_id', '=', a.tenant_id)
      .where((eb) =>
        eb.or([
          eb('wake_at', '<=', a.now),
          eb.and([eb('delivery_id', 'is', null), eb('cursor', '<', a.sequence), eb('is_removed', '=', 0)]),
        ]),
      )
      // Where there are more, those that wait among the slow hide none of the others.
      .orderBy('failing')
      .orderBy('wake_at')
      .limit(a.limit),

  renewSubscription: (db, a) =>
    db
      .updateTable('subscription')
      .set(pick(a, ['content', 'host', 'expires_at', 'reauthorize_at', 'wake_at']))
      .set(grown)
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id)
      .where('version', '=', a.was)
      .returning('id'),

  freeSlot: (db, a) =>
    db.updateTable('subscription').set({ slot: null }).where('tenant_id', '=', a.tenant_id).where('id', '=', a.id),

  removeSubscription: (db, a) =>
    db
      .updateTable('subscription')
      .set({ slot: null, is_removed: 1, wake_at: a.now })
      .set(grown)
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id),

  deleteSubscription: (db, a) =>
    db.deleteFrom('subscription').where('tenant_id', '=', a.tenant_id).where('id', '=', a.id),

  leaseSubscription: (db, a) =>
    db
      .updateTable('subscription')
      .set(pick(a, ['lease_owner', 'lease_until', 'wake_at', 'reauthorize_at']))
      .set(grown)
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id)
      .where('version', '=', a.was)
      .returning('id'),

  restSubscription: (db, a) =>
    db
      .updateTable('subscription')
      .set({ wake_at: a.wake_at, lease_owner: null, lease_until: null })
      .set(grown)
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id)
      .where('version', '=', a.was)
      .returning('id'),

  wakeSubscription: (db, a) =>
    db
      .updateTable('subscription')
      .set({ wake_at: a.now })
      .set(grown)
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id)
      .where('version', '=', a.was)
      .returning('id'),

  moveSubscription: (db, a) =>
    db
      .updateTable('subscription')
      .set(pick(a, ['cursor', 'delivery_id', 'failing']))
      .set(grown)
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id)
      .where('version', '=', a.was)
      .returning('id'),

  tellReauthorize: (db, a) =>
    db
      .updateTable('subscription')
      .set({ reauthorize_at: a.reauthorize_at })
      .set(grown)
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id)
      .where('version', '=', a.was)
      .returning('id'),

  markSubscribed: (db, a) =>
    db
      .insertInto('tenant')
      .values({
        tenant_id: a.tenant_id,
        last_sequence: 0,
        action_count: 0,
        due_at: null,
        repeat_made_at: null,
        subscribed: 1,
      })
      .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet({ subscribed: 1 })),

  unmarkSubscribed: (db, a) =>
    db
      .updateTable('tenant')
      .set({ subscribed: 0 })
      .where('tenant_id', '=', a.tenant_id)
      .where((eb) =>
        eb.not(eb.exists(eb.selectFrom('subscription').select('id').where('subscription.tenant_id', '=', a.tenant_id))),
      ),
};
