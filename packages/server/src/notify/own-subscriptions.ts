import { queries } from '../store/queries.ts';
import type { SubscriptionRow } from '../store/subscription-rows.ts';
import { readExpiration, readReceiverUrl } from './check-subscription.ts';
import { shakeHands } from './handshake.ts';
import { withHandshake } from './handshake-limits.ts';
import type { NotifyDeps, Subscriber } from './notify-deps.ts';
import { isOwnId, unknownSubscription } from './refuse.ts';
import { isLive } from './subscription.ts';
import { reauthorizeSubscription, removeSubscription, renewSubscription } from './subscription-units.ts';

/** All that the application has in this tenant: at most a hundred. */
export async function listSubscriptionsOf(
  { store }: NotifyDeps,
  { tenantId, appId }: Subscriber,
): Promise<readonly SubscriptionRow[]> {
  const rows = await store.read(tenantId, queries.subscriptionsOf({ app_id: appId }));
  return rows.filter((row) => isLive(row, store.clock.now()));
}

/** @throws {Refusal} notFound */
export async function getOwnSubscription(
  { store }: NotifyDeps,
  { tenantId, appId }: Subscriber,
  id: string,
): Promise<SubscriptionRow> {
  if (!isOwnId(id)) throw unknownSubscription(id);
  const [row] = await store.read(tenantId, queries.subscriptionById({ id }));
  if (row?.app_id !== appId || !isLive(row, store.clock.now())) throw unknownSubscription(id);
  return row;
}

/** What a PATCH may say. */
export interface RenewalInput {
  readonly expirationDateTime: string | undefined;
  readonly notificationUrl: string | undefined;
}

/** Moves its end, and its receiver once that has passed the validation. @throws {Refusal} notFound, invalidProperty */
export async function renew(
  deps: NotifyDeps,
  subscriber: Subscriber,
  id: string,
  { expirationDateTime, notificationUrl }: RenewalInput,
): Promise<SubscriptionRow> {
  const { store, guard } = deps;
  const { tenantId, appId } = subscriber;
  await getOwnSubscription(deps, subscriber, id);
  const now = store.clock.now();
  const expiresAt = expirationDateTime === undefined ? undefined : readExpiration(expirationDateTime, now);
  const url = notificationUrl === undefined ? undefined : readReceiverUrl(notificationUrl, 'notificationUrl', guard);
  if (url) await withHandshake(deps, subscriber, () => shakeHands(deps, url, 'notificationUrl'));
  const receiver = url && notificationUrl !== undefined ? { text: notificationUrl, host: url.hostname } : undefined;
  const wanted = { id, appId, expiresAt, notificationUrl: receiver };
  const row = await store.run(tenantId, renewSubscription, wanted);
  if (!row) throw unknownSubscription(id);
  deps.onSubscribed(tenantId);
  return row;
}

/** @throws {Refusal} notFound */
export async function unsubscribe(deps: NotifyDeps, { tenantId, appId }: Subscriber, id: string): Promise<void> {
  const isGone = isOwnId(id) && (await deps.store.run(tenantId, removeSubscription, { id, appId }));
  if (!isGone) throw unknownSubscription(id);
  deps.onSubscribed(tenantId);
}

/** @throws {Refusal} notFound */
export async function reauthorize({ store }: NotifyDeps, { tenantId, appId }: Subscriber, id: string): Promise<void> {
  const isDone = isOwnId(id) && (await store.run(tenantId, reauthorizeSubscription, { id, appId }));
  if (!isDone) throw unknownSubscription(id);
}
