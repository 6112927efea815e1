import type { QueryName } from '../../queries.ts';
import type { Statements } from '../prepare.ts';
import { DELIVERY_COLUMNS, pick } from './columns.ts';

type DeliveryQuery = Extract<
  QueryName,
  | 'insertDelivery'
  | 'saveDelivery'
  | 'deliveryById'
  | 'deliveriesBefore'
  | 'dueDeliveries'
  | 'hastenDeliveries'
  | 'oldestDelivery'
  | 'nextDelivery'
  | 'pruneDeliveries'
  | 'deleteDeliveries'
>;

export const deliveryStatements: Statements<DeliveryQuery> = {
  insertDelivery: (db, a) => db.insertInto('delivery').values(pick(a, ['tenant_id', ...DELIVERY_COLUMNS])),

  saveDelivery: (db, a) =>
    db
      .updateTable('delivery')
      .set(pick(a, ['state', 'attempts', 'attempt_count', 'failing_since', 'next_at', 'is_again']))
      .where('tenant_id', '=', a.tenant_id)
      .where('subscription_id', '=', a.subscription_id)
      .where('id', '=', a.id),

  deliveryById: (db, a) =>
    db
      .selectFrom('delivery')
      .select(DELIVERY_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('subscription_id', '=', a.subscription_id)
      .where('id', '=', a.id),

  deliveriesBefore: (db, a) =>
    db
      .selectFrom('delivery')
      .select(DELIVERY_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('subscription_id', '=', a.subscription_id)
      .where('id', '<', a.id)
      .orderBy('id', 'desc')
      .limit(a.limit),

  dueDeliveries: (db, a) =>
    db
      .selectFrom('delivery')
      .select(DELIVERY_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('subscription_id', '=', a.subscription_id)
      .where('id', 'in', (inner) =>
        inner
          .selectFrom('delivery')
          .select('id')
          .where('tenant_id', '=', a.tenant_id)
          .where('subscription_id', '=', a.subscription_id)
          .where('next_at', '<=', a.now)
          // Notices of the lifecycle before what is sent again.
          .orderBy('kind', 'desc')
          .orderBy('next_at')
          .limit(a.limit),
      ),

  hastenDeliveries: (db, a) =>
    db
      .updateTable('delivery')
      .set({ next_at: a.now, attempt_count: 0, failing_since: null })
      .where('tenant_id', '=', a.tenant_id)
      .where('subscription_id', '=', a.subscription_id)
      .where('next_at', 'is not', null)
      .where('kind', '=', 'change'),

  oldestDelivery: (db, a) =>
    db
      .selectFrom('delivery')
      .select('created_at')
      .where('tenant_id', '=', a.tenant_id)
      .where('subscription_id', '=', a.subscription_id)
      .orderBy('id')
      .limit(1),

  nextDelivery: (db, a) =>
    db
      .selectFrom('delivery')
      .select('next_at')
      .where('tenant_id', '=', a.tenant_id)
      .where('subscription_id', '=', a.subscription_id)
      .where('next_at', 'is not', null)
      .orderBy('next_at')
      .limit(1)
      .$narrowType<{ next_at: number }>(),

  pruneDeliveries: (db, a) =>
    db
      .deleteFrom('delivery')
      .where('tenant_id', '=', a.tenant_id)
      .where('subscription_id', '=', a.subscription_id)
      .where('id', 'in', (inner) =>
        inner
          .selectFrom('delivery')
          .select('id')
          .where('tenant_id', '=', a.tenant_id)
          .where('subscription_id', '=', a.subscription_id)
          .where('next_at', 'is', null)
          .where((eb) =>
            eb.or([
              eb('created_at', '<', a.before),
              eb('id', '<=', (newest) =>
                newest
                  .selectFrom('delivery')
                  .select('id')
                  .where('tenant_id', '=', a.tenant_id)
                  .where('subscription_id', '=', a.subscription_id)
                  .orderBy('id', 'desc')
                  .limit(1)
                  .offset(a.keep),
              ),
            ]),
          )
          .orderBy('id')
          .limit(a.limit),
      )
      .returning('id'),

  deleteDeliveries: (db, a) =>
    db
      .deleteFrom('delivery')
      .where('tenant_id', '=', a.tenant_id)
      .where('subscription_id', '=', a.subscription_id)
      .where('id', 'in', (inner) =>
        inner
          .selectFrom('delivery')
          .select('id')
          .where('tenant_id', '=', a.tenant_id)
          .where('subscription_id', '=', a.subscription_id)
          .limit(a.limit),
      )
      .returning('id'),
};
