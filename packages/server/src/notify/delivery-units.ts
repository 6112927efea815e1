import { queries } from '../store/queries.ts';
import type { DeliveryRow, SubscriptionRow } from '../store/subscription-rows.ts';
import { all, first, must, run, type UnitContext, unit, type Work } from '../store/work.ts';
import type { ChangeNotice } from './change-notices.ts';
import { type AttemptOutcome, judgeAttempt } from './judge-attempt.ts';
import type { LifecycleEvent } from './notification-body.ts';
import { contentOf, isLive } from './subscription.ts';

const KEPT_MS = 7 * 86_400_000;
const KEPT_DELIVERIES = 1_000;
const PRUNED_AT_ONCE = 100;
const DUE_AT_ONCE = 8;

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
  ...of,
});

function* tellLifecycle(u: UnitContext, row: SubscriptionRow, lifecycleEvent: LifecycleEvent): Work<void> {
  if (contentOf(row).lifecycleNotificationUrl === null) return;
  const notices = JSON.stringify([{ id: u.newId(), lifecycleEvent }]);
  yield* run(queries.insertDelivery(aDelivery(u, { subscription_id: row.id, kind: 'lifecycle', notices })));
}

export interface TakenSubscription {
  readonly row: SubscriptionRow;
  readonly due: readonly DeliveryRow[];
  readonly isOver: boolean;
  readonly now: number;
}

/** Leases a subscription, unless a process that lives has it, and tells what is due for it. */
export const takeSubscription = unit(
  'takeSubscription',
  function* (u, { id, owner, live, leaseMs }: Leased & { readonly live: readonly string[]; readonly leaseMs: number }) {
    const row = yield* first(queries.subscriptionById({ id }));
    if (!row) return undefined;
    const { lease_owner, lease_until } = row;
    const isTaken = lease_owner !== null && lease_owner !== owner && live.includes(lease_owner);
    if (isTaken && (lease_until ?? 0) > u.now) return undefined;
    // Awake until it is given back: where this process dies, the next one finds it.
    const lease = { lease_owner: owner, lease_until: u.now + leaseMs, wake_at: u.now };
    yield* run(queries.leaseSubscription({ id, ...lease }));
    const isOver = !isLive(row, u.now);
    if (!isOver && row.reauthorize_at !== null && row.reauthorize_at <= u.now) {
      yield* run(queries.tellReauthorize({ id, reauthorize_at: null }));
      yield* tellLifecycle(u, row, 'reauthorizationRequired');
    }
    const due = yield* all(queries.dueDeliveries({ subscription_id: id, now: u.now, limit: DUE_AT_ONCE }));
    const taken: TakenSubscription = { row, due, isOver, now: u.now };
    return taken;
  },
);

/** The row while the lease is still this process's. */
function* findLeased({ id, owner }: Leased): Work<SubscriptionRow | undefined> {
  const row = yield* first(queries.subscriptionById({ id }));
  return row?.lease_owner === owner ? row : undefined;
}

export interface Batch extends Leased {
  readonly notices: readonly ChangeNotice[];
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** Writes a body down before it is sent; with nothing to tell, only that the journal was read so far. */
export const beginDelivery = unit('beginDelivery', function* (u, batch: Batch) {
  const row = yield* findLeased(batch);
  if (!row || row.delivery_id !== null || row.cursor >= batch.lastSequence) return undefined;
  const { id } = row;
  if (batch.notices.length === 0) {
    yield* run(queries.moveSubscription({ ...row, cursor: batch.lastSequence }));
    return undefined;
  }
  const notices = JSON.stringify(batch.notices);
  const delivery: DeliveryRow = {
    ...aDelivery(u, { subscription_id: id, kind: 'change', notices }),
    first_sequence: batch.firstSequence,
    last_sequence: batch.lastSequence,
  };
  const prune = { subscription_id: id, before: u.now - KEPT_MS, keep: KEPT_DELIVERIES, limit: PRUNED_AT_ONCE };
  yield* run(
    queries.insertDelivery(delivery),
    queries.moveSubscription({ ...row, delivery_id: delivery.id }),
    queries.pruneDeliveries(prune),
  );
  return delivery;
});

export interface Settling extends Leased {
  readonly deliveryId: string;
  readonly outcome: AttemptOutcome;
  readonly random: number;
}

/** Writes down what came of an attempt. What is over, delivered or given up, lets those behind it pass. */
export const settleDelivery = unit('settleDelivery', function* (u, settling: Settling) {
  const row = yield* findLeased(settling);
  if (!row) return undefined;
  const delivery = yield* first(queries.deliveryById({ subscription_id: row.id, id: settling.deliveryId }));
  if (!delivery) return undefined;
  const judged = judgeAttempt(delivery, settling.outcome, settling.random);
  yield* run(queries.saveDelivery({ ...delivery, ...judged }));
  const isOver = judged.next_at === null;
  if (row.delivery_id === delivery.id) {
    const cursor = isOver ? (delivery.last_sequence ?? row.cursor) : row.cursor;
    const failing = settling.outcome.isDelivered ? 0 : 1;
    const next = { id: row.id, cursor, delivery_id: isOver ? null : delivery.id, failing } as const;
    yield* run(queries.moveSubscription(next));
  }
  if (judged.state === 'failed' && delivery.kind === 'change') yield* tellLifecycle(u, row, 'missed');
  return judged.state;
});

/** Gives the lease back, and says when there is something to do next. */
export const restSubscription = unit('restSubscription', function* (_, leased: Leased) {
  const row = yield* findLeased(leased);
  if (!row) return;
  const next = yield* first(queries.nextDelivery({ subscription_id: row.id }));
  const times = [next?.next_at, row.reauthorize_at, row.expires_at].filter((at) => at !== null && at !== undefined);
  yield* must(queries.restSubscription({ id: row.id, wake_at: Math.min(...times), was: row.wake_at }));
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
