import { queries } from '../store/queries.ts';
import type { SubscriptionRow } from '../store/subscription-rows.ts';
import { readExpiration, readReceiverUrl } from './check-subscription.ts';
import { checkGivenBack, type GivenBack } from './given-back.ts';
import { shakeHands } from './handshake.ts';
import { withHandshake } from './handshake-limits.ts';
import type { NotifyDeps, Subscriber } from './notify-deps.ts';
import { isOwnId, unknownSubscription } from './refuse.ts';
import { contentOf, isLive } from './subscription.ts';
import { type Renewing, reauthorizeSubscription, removeSubscription, renewSubscription } from './subscription-units.ts';

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
  readonly givenBack: GivenBack;
}

/** The receiver that it moves to, once that has passed the validation; undefined where it stays. */
async function newReceiver(
  deps: NotifyDeps,
  subscriber: Subscriber,
  row: SubscriptionRow,
  text: string | undefined,
): Promise<Renewing['notificationUrl']> {
  if (text === undefined || text === contentOf(row).notificationUrl) return undefined;
  const url = readReceiverUrl(text, 'notificationUrl', deps.guard);
  await withHandshake(deps, subscriber, () => shakeHands(deps, url, 'notificationUrl'));
  return { text, host: url.hostname };
}

/**
 * Moves its end, and its receiver once that has passed the validation.
 * @throws {Refusal} notFound, readOnlyProperty, invalidProperty; what `withHandshake` throws
 */
export async function renew(
  deps: NotifyDeps,
  subscriber: Subscriber,
  id: string,
  { expirationDateTime, notificationUrl, givenBack }: RenewalInput,
): Promise<SubscriptionRow> {
  const { store, secretsKey } = deps;
  const { tenantId, appId } = subscriber;
  const before = await getOwnSubscription(deps, subscriber, id);
  checkGivenBack(secretsKey, tenantId, before, givenBack);
  const now = store.clock.now();
  const end = expirationDateTime === undefined ? before.expires_at : readExpiration(expirationDateTime, now);
  const expiresAt = end === before.expires_at ? undefined : end;
  const receiver = await newReceiver(deps, subscriber, before, notificationUrl);
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
