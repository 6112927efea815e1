import { queries } from '../store/queries.ts';
import type { DeliveryRow } from '../store/subscription-rows.ts';
import type { LoggedAttempt } from './judge-attempt.ts';
import { noticesOf } from './notification-body.ts';
import type { NotifyDeps, Subscriber } from './notify-deps.ts';
import { getOwnSubscription } from './own-subscriptions.ts';
import { isOwnId, unknownDelivery, unknownSubscription } from './refuse.ts';
import { resendDelivery } from './subscription-units.ts';

/** A delivery as its application may read it. */
export interface LoggedDelivery extends Pick<DeliveryRow, 'id' | 'kind' | 'state'> {
  readonly createdAt: number;
  readonly firstSequence: number | null;
  readonly lastSequence: number | null;
  readonly noticeIds: readonly string[];
  readonly attemptCount: number;
  /** The last fifty. */
  readonly attempts: readonly LoggedAttempt[];
  readonly nextAt: number | null;
}

export const loggedDelivery = (row: DeliveryRow): LoggedDelivery => ({
  id: row.id,
  kind: row.kind,
  state: row.state,
  createdAt: row.created_at,
  firstSequence: row.first_sequence,
  lastSequence: row.last_sequence,
  noticeIds: noticesOf(row).map(({ id }) => id),
  attemptCount: row.attempt_count,
  attempts: JSON.parse(row.attempts) as readonly LoggedAttempt[],
  nextAt: row.next_at,
});

/** Behind every id. */
const NEWEST = 'g';

export interface DeliveryPage {
  readonly deliveries: readonly DeliveryRow[];
  /** Id behind which the next page begins; absent on the last one. */
  readonly next: string | undefined;
}

/** The delivery log, newest first. @throws {Refusal} notFound */
export async function listDeliveries(
  deps: NotifyDeps,
  subscriber: Subscriber,
  id: string,
  { limit, after = NEWEST }: { readonly limit: number; readonly after: string | undefined },
): Promise<DeliveryPage> {
  await getOwnSubscription(deps, subscriber, id);
  const wanted = queries.deliveriesBefore({ subscription_id: id, id: after, limit: limit + 1 });
  const rows = await deps.store.read(subscriber.tenantId, wanted);
  const deliveries = rows.slice(0, limit);
  return { deliveries, next: rows.length > limit ? deliveries.at(-1)?.id : undefined };
}

/** Sends a delivery again, now, with the same notifications and the same `webhook-id`. @throws {Refusal} notFound */
export async function resend(
  deps: NotifyDeps,
  { tenantId, appId }: Subscriber,
  id: string,
  deliveryId: string,
): Promise<void> {
  if (!isOwnId(id)) throw unknownSubscription(id);
  if (!isOwnId(deliveryId)) throw unknownDelivery(deliveryId);
  const outcome = await deps.store.run(tenantId, resendDelivery, { id, appId, deliveryId });
  if (outcome === 'noSubscription') throw unknownSubscription(id);
  if (outcome === 'noDelivery') throw unknownDelivery(deliveryId);
  deps.onSubscribed(tenantId);
}
