import { queries } from '../store/queries.ts';
import type { DeliveryRow, SubscriptionRow } from '../store/subscription-rows.ts';
import { all, first, must, run, type UnitContext, unit, type Work } from '../store/work.ts';
import { contentOf, isLive, reauthorizeAt, type SubscriptionContent } from './subscription.ts';

/** Subscriptions that an application may have in a tenant. */
export const MOST_SUBSCRIPTIONS = 100;

export interface NewSubscription {
  readonly id: string;
  readonly appId: string;
  readonly content: SubscriptionContent;
  readonly secrets: string;
  readonly host: string;
  readonly expiresAt: number;
}

/** Places of those that have run out are free again. */
function* takeSlot(u: UnitContext, appId: string): Work<number | undefined> {
  const rows = yield* all(queries.subscriptionsOf({ app_id: appId }));
  const over = rows.filter((row) => !isLive(row, u.now));
  if (over.length > 0) yield* run(...over.map(({ id }) => queries.freeSlot({ id })));
  const taken = new Set(rows.filter((row) => isLive(row, u.now)).map(({ slot }) => slot));
  for (let slot = 0; slot < MOST_SUBSCRIPTIONS; slot += 1) if (!taken.has(slot)) return slot;
  return undefined;
}

/** Stores a subscription to all that changes from now on; undefined where the application has too many. */
export const createSubscription = unit('createSubscription', function* (u, wanted: NewSubscription) {
  const slot = yield* takeSlot(u, wanted.appId);
  if (slot === undefined) return undefined;
  const { id, appId, content, secrets, host, expiresAt } = wanted;
  const reauthorize_at = reauthorizeAt(content, u.now, expiresAt);
  const row: SubscriptionRow = {
    id,
    version: 1,
    app_id: appId,
    slot,
    is_removed: 0,
    content: JSON.stringify(content),
    secrets,
    host,
    expires_at: expiresAt,
    reauthorize_at,
    cursor: u.sequence,
    delivery_id: null,
    failing: 0,
    wake_at: reauthorize_at ?? expiresAt,
    lease_owner: null,
    lease_until: null,
  };
  yield* run(queries.insertSubscription(row), queries.markSubscribed({}));
  return row;
});

/** Whose it is: what is not the application's own, or is over, is not there. */
export interface OwnSubscription {
  readonly id: string;
  readonly appId: string;
}

function* findOwn(u: UnitContext, { id, appId }: OwnSubscription): Work<SubscriptionRow | undefined> {
  const row = yield* first(queries.subscriptionById({ id }));
  return row?.app_id === appId && isLive(row, u.now) ? row : undefined;
}

export interface Renewing extends OwnSubscription {
  readonly expiresAt: number | undefined;
  readonly notificationUrl: { readonly text: string; readonly host: string } | undefined;
}

/** Moves its end, or its receiver; what waits for the old receiver goes to the new one, now. */
export const renewSubscription = unit('renewSubscription', function* (u, wanted: Renewing) {
  const row = yield* findOwn(u, wanted);
  if (!row) return undefined;
  const { notificationUrl } = wanted;
  const before = contentOf(row);
  const content = notificationUrl ? { ...before, notificationUrl: notificationUrl.text } : before;
  const expires_at = wanted.expiresAt ?? row.expires_at;
  const isMoved = content.notificationUrl !== before.notificationUrl;
  const renewed: SubscriptionRow = {
    ...row,
    content: JSON.stringify(content),
    host: notificationUrl?.host ?? row.host,
    expires_at,
    reauthorize_at: wanted.expiresAt === undefined ? row.reauthorize_at : reauthorizeAt(content, u.now, expires_at),
    // Whoever looks after it finds out when it has something to do next.
    wake_at: u.now,
  };
  yield* must(queries.renewSubscription({ ...renewed, was: row.version }));
  if (isMoved) {
    yield* run(queries.hastenDeliveries({ subscription_id: row.id, now: u.now }));
  }
  return renewed;
});

/** What is left of it is cleared away afterwards, in small units. */
export const removeSubscription = unit('removeSubscription', function* (u, wanted: OwnSubscription) {
  const row = yield* findOwn(u, wanted);
  if (!row) return false;
  yield* run(queries.removeSubscription({ id: row.id, now: u.now }));
  return true;
});

/** The application has shown that it still may read: it is not asked again in this term. */
export const reauthorizeSubscription = unit('reauthorizeSubscription', function* (u, wanted: OwnSubscription) {
  const row = yield* findOwn(u, wanted);
  if (!row) return false;
  yield* must(queries.tellReauthorize({ id: row.id, reauthorize_at: null, was: row.version }));
  return true;
});

/** Sends a delivery again, now: one that is over begins anew, one that waits does not wait. */
export const resendDelivery = unit(
  'resendDelivery',
  function* (u, { deliveryId, ...wanted }: OwnSubscription & { readonly deliveryId: string }) {
    const row = yield* findOwn(u, wanted);
    if (!row) return 'noSubscription' as const;
    const delivery = yield* first(queries.deliveryById({ subscription_id: row.id, id: deliveryId }));
    if (!delivery) return 'noDelivery' as const;
    const again: DeliveryRow =
      delivery.next_at === null
        ? { ...delivery, state: 'retrying', attempt_count: 0, failing_since: null, next_at: u.now, is_again: 1 }
        : { ...delivery, next_at: u.now };
    yield* must(queries.wakeSubscription({ id: row.id, now: u.now, was: row.version }));
    yield* run(queries.saveDelivery(again));
    return 'sent' as const;
  },
);
