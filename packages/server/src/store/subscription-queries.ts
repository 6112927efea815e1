import type { DeliveryRow, SubscriptionRow } from './subscription-rows.ts';
import { query } from './work.ts';

type Id = { readonly id: string };
type OfSubscription = { readonly subscription_id: string };

/** A subscription for which there is something to do. */
export type AwakeRow = Pick<SubscriptionRow, 'id' | 'app_id' | 'host' | 'failing' | 'lease_owner' | 'lease_until'>;

/** Writes only while the row's version is this: touches one row then, none otherwise. */
type Guarded = { readonly was: number };

/** What renewing may change. */
export type Renewal = Pick<SubscriptionRow, 'id' | 'content' | 'host' | 'expires_at' | 'reauthorize_at' | 'wake_at'>;

/** What the store knows of subscriptions and their deliveries. */
export const subscriptionQueries = {
  insertSubscription: query<SubscriptionRow, never>('insertSubscription'),
  subscriptionById: query<Id, SubscriptionRow>('subscriptionById'),
  subscriptionsOf: query<{ app_id: string }, SubscriptionRow>('subscriptionsOf'),
  subscriptionIds: query<{ after: string; limit: number }, Id>('subscriptionIds'),
  awakeSubscriptions: query<{ sequence: number; now: number; limit: number }, AwakeRow>('awakeSubscriptions'),
  renewSubscription: query<Renewal & Guarded, Id>('renewSubscription'),
  freeSlot: query<Id, never>('freeSlot'),
  removeSubscription: query<Id & { now: number }, never>('removeSubscription'),
  deleteSubscription: query<Id, never>('deleteSubscription'),
  leaseSubscription: query<
    Pick<SubscriptionRow, 'id' | 'lease_owner' | 'lease_until' | 'wake_at' | 'reauthorize_at'> & Guarded,
    Id
  >('leaseSubscription'),
  /** Gives the lease back. */
  restSubscription: query<Pick<SubscriptionRow, 'id' | 'wake_at'> & Guarded, Id>('restSubscription'),
  wakeSubscription: query<Id & { now: number } & Guarded, Id>('wakeSubscription'),
  moveSubscription: query<Pick<SubscriptionRow, 'id' | 'cursor' | 'delivery_id' | 'failing'> & Guarded, Id>(
    'moveSubscription',
  ),
  tellReauthorize: query<Pick<SubscriptionRow, 'id' | 'reauthorize_at'> & Guarded, Id>('tellReauthorize'),
  /** That the tenant has some, for the question across tenants; and that it has none any more, if that is so. */
  markSubscribed: query<Record<never, never>, never>('markSubscribed'),
  unmarkSubscribed: query<Record<never, never>, never>('unmarkSubscribed'),

  insertDelivery: query<DeliveryRow, never>('insertDelivery'),
  saveDelivery: query<
    Pick<
      DeliveryRow,
      'id' | 'subscription_id' | 'state' | 'attempts' | 'attempt_count' | 'failing_since' | 'next_at' | 'is_again'
    >,
    never
  >('saveDelivery'),
  deliveryById: query<OfSubscription & Id, DeliveryRow>('deliveryById'),
  deliveriesBefore: query<OfSubscription & Id & { limit: number }, DeliveryRow>('deliveriesBefore'),
  dueDeliveries: query<OfSubscription & { now: number; limit: number }, DeliveryRow>('dueDeliveries'),
  /** Those of changes that wait are due now, and begin anew: they go to another receiver. */
  hastenDeliveries: query<OfSubscription & { now: number }, never>('hastenDeliveries'),
  oldestDelivery: query<OfSubscription, Pick<DeliveryRow, 'created_at'>>('oldestDelivery'),
  nextDelivery: query<OfSubscription, { next_at: number }>('nextDelivery'),
  /** Deletes some of those that are over and are older than so, or behind the newest `keep`. */
  pruneDeliveries: query<OfSubscription & { before: number; keep: number; limit: number }, Id>('pruneDeliveries'),
  deleteDeliveries: query<OfSubscription & { limit: number }, Id>('deleteDeliveries'),
} as const;
