import { queries } from '../store/queries.ts';
import type { DeliveryRow, SubscriptionRow } from '../store/subscription-rows.ts';
import { all, first, must, run, type UnitContext, unit, type Work } from '../store/work.ts';
import type { ChangeNotice } from './change-notices.ts';
import { type AttemptOutcome, judgeAttempt } from './judge-attempt.ts';
import type { LifecycleEvent } from './notification-body.ts';
import { contentOf, isLive } from './subscription.ts';

const KEPT_MS = 7 * 86_400_000;
const KEPT_DELIVERIES = 1_000;
const PRUNED_AT_ONCE = 200;
/** Sent beside the next body: no subscription has more than a few connections. */
const DUE_AT_ONCE = 3;

interface Leased {
  readonly id: string;
  readonly owner: string;
}

const aDelivery = (u: UnitContext, of: Pick<DeliveryRow, 'subscription_id' | 'kind' | 'notices'>): DeliveryRow => ({
  id: u.newId(),
  state: 'retrying',
  first_sequence: null,
  last_sequence: null,
  attempts: '[]',
  attempt_count: 0,
  failing_since: null,
  created_at: u.now,
  next_at: u.now,
  is_again: 0,
  ...of,
});

function* tellLifecycle(u: UnitContext, row: SubscriptionRow, lifecycleEvent: LifecycleEvent): Work<void> {
  if (contentOf(row).lifecycleNotificationUrl === null) return;
  const notices = JSON.stringify([{ id: u.newId(), lifecycleEvent }]);
  yield* run(queries.insertDelivery(aDelivery(u, { subscription_id: row.id, kind: 'lifecycle', notices })));
}

/** Another process's lease, as it was read. */
export interface Lease {
  readonly owner: string;
  readonly until: number;
}

interface Taking extends Leased {
  /** The lease of a process that is gone. One that it took since then stands. */
  readonly left?: Lease | undefined;
  readonly leaseMs: number;
}

const isHeld = ({ lease_owner, lease_until }: SubscriptionRow, { owner, left }: Taking, now: number): boolean =>
  lease_owner !== null &&
  lease_owner !== owner &&
  (lease_until ?? 0) > now &&
  !(left?.owner === lease_owner && left.until === lease_until);

export interface TakenSubscription {
  readonly row: SubscriptionRow;
  readonly due: readonly DeliveryRow[];
  readonly isOver: boolean;
  readonly now: number;
}

/** The one that others wait for goes first: however many are sent again, they do not hold it up. */
function* findDue(u: UnitContext, { id, delivery_id }: SubscriptionRow): Work<readonly DeliveryRow[]> {
  const due = yield* all(queries.dueDeliveries({ subscription_id: id, now: u.now, limit: DUE_AT_ONCE }));
  if (delivery_id === null) return due;
  const inTurn = yield* first(queries.deliveryById({ subscription_id: id, id: delivery_id }));
  if (!inTurn || inTurn.next_at === null || inTurn.next_at > u.now) return due;
  return [inTurn, ...due.filter((each) => each.id !== delivery_id)].slice(0, DUE_AT_ONCE);
}

/** Leases a subscription, unless a process that may live has it, and tells what is due for it. */
export const takeSubscription = unit('takeSubscription', function* (u, taking: Taking) {
  const { id, owner, leaseMs } = taking;
  const row = yield* first(queries.subscriptionById({ id }));
  if (!row || isHeld(row, taking, u.now)) return undefined;
  const isOver = !isLive(row, u.now);
  const isTold = !isOver && row.reauthorize_at !== null && row.reauthorize_at <= u.now;
  const reauthorize_at = isTold ? null : row.reauthorize_at;
  // Awake until it is given back: where this process dies, the next one finds it.
  const lease = { lease_owner: owner, lease_until: u.now + leaseMs, wake_at: u.now, reauthorize_at };
  yield* must(queries.leaseSubscription({ id, ...lease, was: row.version }));
  if (isTold) yield* tellLifecycle(u, row, 'reauthorizationRequired');
  const due = yield* findDue(u, row);
  const taken: TakenSubscription = { row, due, isOver, now: u.now };
  return taken;
});

/** The row while the lease is still this process's. */
function* findLeased({ id, owner }: Leased): Work<SubscriptionRow | undefined> {
  const row = yield* first(queries.subscriptionById({ id }));
  return row?.lease_owner === owner ? row : undefined;
}

export interface Batch extends Leased {
  readonly notices: readonly ChangeNotice[];
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Looks for what is too much in the log, which reads all of it: now and then is enough. */
  readonly isPruning: boolean;
}

function* prune(u: UnitContext, subscription_id: string, isPruning: boolean): Work<void> {
  const oldest = yield* first(queries.oldestDelivery({ subscription_id }));
  const before = u.now - KEPT_MS;
  if (!oldest || (!isPruning && oldest.created_at >= before)) return;
  yield* run(queries.pruneDeliveries({ subscription_id, before, keep: KEPT_DELIVERIES, limit: PRUNED_AT_ONCE }));
}

/** Writes a body down before it is sent; with nothing to tell, only that the journal was read so far. */
export const beginDelivery = unit('beginDelivery', function* (u, batch: Batch) {
  const row = yield* findLeased(batch);
  if (!row || row.delivery_id !== null || row.cursor >= batch.lastSequence) return undefined;
  const { id, version: was } = row;
  if (batch.notices.length === 0) {
    yield* must(queries.moveSubscription({ ...row, cursor: batch.lastSequence, was }));
    return undefined;
  }
  const notices = JSON.stringify(batch.notices);
  const delivery: DeliveryRow = {
    ...aDelivery(u, { subscription_id: id, kind: 'change', notices }),
    first_sequence: batch.firstSequence,
    last_sequence: batch.lastSequence,
  };
  yield* must(queries.moveSubscription({ ...row, delivery_id: delivery.id, was }));
  yield* run(queries.insertDelivery(delivery));
  yield* prune(u, id, batch.isPruning);
  return delivery;
});

export interface Settling extends Leased {
  readonly deliveryId: string;
  /** `notificationUrl` of the subscription when it was sent. */
  readonly receiver: string;
  readonly outcome: AttemptOutcome;
  readonly random: number;
}

/** Whoever answers soon and hangs in turn stays among the slow. */
const SOON_AGAIN = 3;

/** Where the subscription stands once one of its deliveries was settled. */
function moved(row: SubscriptionRow, delivery: DeliveryRow, { outcome, receiver }: Settling, isOver: boolean) {
  const isHeld = !outcome.isDelivered || outcome.isSlow;
  const isOfAnother = contentOf(row).notificationUrl !== receiver;
  const held = isHeld && !isOfAnother ? SOON_AGAIN : row.failing;
  // What is not in turn says nothing good of the receiver of those that are.
  if (row.delivery_id !== delivery.id) return { ...row, failing: held };
  const cursor = isOver ? (delivery.last_sequence ?? row.cursor) : row.cursor;
  return {
    ...row,
    cursor,
    delivery_id: isOver ? null : delivery.id,
    failing: isHeld || isOfAnother ? held : Math.max(0, row.failing - 1),
  };
}

/** What the old receiver answered says nothing of the new one, which gets it now. */
const anew = (now: number): Partial<DeliveryRow> => ({
  state: 'retrying',
  attempt_count: 0,
  failing_since: null,
  next_at: now,
});

/** What becomes of the delivery. */
function judged(u: UnitContext, row: SubscriptionRow, delivery: DeliveryRow, settling: Settling): DeliveryRow {
  const { outcome, random, receiver } = settling;
  const after = { ...delivery, ...judgeAttempt(delivery, outcome, random) };
  const hasMoved = delivery.kind === 'change' && contentOf(row).notificationUrl !== receiver;
  return hasMoved && !outcome.isDelivered ? { ...after, ...anew(u.now) } : after;
}

/** Writes down what came of an attempt. What is over, delivered or given up, lets those behind it pass. */
export const settleDelivery = unit('settleDelivery', function* (u, settling: Settling) {
  const row = yield* findLeased(settling);
  if (!row) return undefined;
  const delivery = yield* first(queries.deliveryById({ subscription_id: row.id, id: settling.deliveryId }));
  if (!delivery) return undefined;
  const after = judged(u, row, delivery, settling);
  const next = moved(row, delivery, settling, after.next_at === null);
  yield* must(queries.moveSubscription({ ...next, was: row.version }));
  yield* run(queries.saveDelivery(after));
  // Of what is sent again its application knows: nothing new is missing.
  const isMissed = after.state === 'failed' && delivery.kind === 'change' && delivery.is_again === 0;
  if (isMissed) yield* tellLifecycle(u, row, 'missed');
  return after.state;
});

/** Gives the lease back, and says when there is something to do next. */
export const restSubscription = unit('restSubscription', function* (u, leased: Leased) {
  const row = yield* findLeased(leased);
  if (!row) return;
  const next = yield* first(queries.nextDelivery({ subscription_id: row.id }));
  const times = [next?.next_at, row.reauthorize_at, row.expires_at].filter((at) => at !== null && at !== undefined);
  // One that was deleted meanwhile is cleared away at once.
  const wake_at = row.is_removed === 1 ? u.now : Math.min(...times);
  yield* must(queries.restSubscription({ id: row.id, wake_at, was: row.version }));
});

const CLEARED_AT_ONCE = 200;

/** Clears some of what is left of a subscription that is over; true once nothing is. */
export const clearSubscription = unit('clearSubscription', function* (_, leased: Leased) {
  const row = yield* findLeased(leased);
  if (!row) return true;
  const gone = yield* all(queries.deleteDeliveries({ subscription_id: row.id, limit: CLEARED_AT_ONCE }));
  if (gone.length === CLEARED_AT_ONCE) return false;
  yield* run(queries.deleteSubscription({ id: row.id }));
  yield* run(queries.unmarkSubscribed({}));
  return true;
});
