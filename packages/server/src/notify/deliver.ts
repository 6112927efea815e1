import { failpoint } from '../lib/failpoint.ts';
import { queries } from '../store/queries.ts';
import type { DeliveryRow, SubscriptionRow } from '../store/subscription-rows.ts';
import { attempt, isOutOfTurn } from './attempt.ts';
import { toldRows, toNotices } from './change-notices.ts';
import type { Deliverer } from './deliverer.ts';
import {
  type Batch,
  beginDelivery,
  clearSubscription,
  type Lease,
  restSubscription,
  settleDelivery,
  type TakenSubscription,
  takeSubscription,
} from './delivery-units.ts';
import { judgeActions } from './judge-actions.ts';
import { noticesOf } from './notification-body.ts';
import { contentOf } from './subscription.ts';

/** Longer than a turn takes: one post, and a few units of work. */
const LEASE_MS = 60_000;
/** Entries of the journal that go into one body. */
const BATCH = 100;
/** Bodies at which the log is pruned to its thousand: fewer than are pruned at once. */
const PRUNING = 0.01;

/** One subscription of one tenant, leased. */
interface Turn {
  readonly tenantId: string;
  readonly leased: { readonly id: string; readonly owner: string };
  readonly onSlow: () => void;
  /** Aborted once others may deliver it: at a stop, and when this process may be taken for gone. */
  readonly signal: AbortSignal;
  /** By `performance.now()`, counted from before the lease was asked for. */
  readonly leasedUntil: number;
}

/** What the journal has behind the cursor; undefined where it has nothing. */
async function readBatch({ deps, reading }: Deliverer, turn: Turn, row: SubscriptionRow): Promise<Batch | undefined> {
  const { store } = deps;
  const { tenantId, leased } = turn;
  const rows = await store.read(tenantId, queries.changesAfter({ sequence: row.cursor, limit: BATCH }));
  const [firstRow, lastRow] = [rows[0], rows.at(-1)];
  if (!firstRow || !lastRow) return undefined;
  const content = contentOf(row);
  const told = toldRows(content, rows);
  const { actions, endsBefore } = await judgeActions({ store, lane: reading, tenantId }, content, told);
  const judged = told.filter(({ sequence }) => endsBefore === undefined || sequence < endsBefore);
  const notices = toNotices(row.id, content, judged, actions);
  const lastSequence = endsBefore === undefined ? lastRow.sequence : endsBefore - 1;
  const isPruning = deps.random() < PRUNING;
  return { ...leased, notices, firstSequence: firstRow.sequence, lastSequence, isPruning };
}

async function send(deliverer: Deliverer, turn: Turn, row: SubscriptionRow, delivery: DeliveryRow): Promise<void> {
  const { id, kind } = delivery;
  failpoint('notify.beforeSend');
  const outcome = await attempt(deliverer, turn, row, { id, kind, notices: noticesOf(delivery) });
  failpoint('notify.afterSend');
  if (!outcome) return;
  const { store, random } = deliverer.deps;
  const { notificationUrl: receiver } = contentOf(row);
  const settling = { ...turn.leased, deliveryId: id, receiver, outcome, random: random() };
  await store.run(turn.tenantId, settleDelivery, settling);
  failpoint('notify.afterSettle');
}

async function sendNews(deliverer: Deliverer, turn: Turn, row: SubscriptionRow): Promise<void> {
  const batch = await readBatch(deliverer, turn, row);
  if (!batch) return;
  const delivery = await deliverer.deps.store.run(turn.tenantId, beginDelivery, batch);
  if (delivery) await send(deliverer, turn, row, delivery);
}

/** Its application is told once, if it can be; then all of it goes, in small units. */
async function clearAway(deliverer: Deliverer, turn: Turn, row: SubscriptionRow): Promise<void> {
  const { store, onFault } = deliverer.deps;
  if (row.is_removed === 0 && contentOf(row).lifecycleNotificationUrl !== null) {
    const notices = [{ id: row.id, lifecycleEvent: 'subscriptionRemoved' as const }];
    await attempt(deliverer, turn, row, { id: row.id, kind: 'lifecycle', notices }).catch(onFault);
    // The next turn tells it, here or elsewhere.
    if (isOutOfTurn(turn)) return;
  }
  while (!(await store.run(turn.tenantId, clearSubscription, turn.leased)));
}

async function carryOut(deliverer: Deliverer, turn: Turn, { row, due, isOver }: TakenSubscription): Promise<void> {
  if (isOver) return await clearAway(deliverer, turn, row);
  const sent = due.map((delivery) => send(deliverer, turn, row, delivery));
  const news = row.delivery_id === null ? [sendNews(deliverer, turn, row)] : [];
  const outcomes = await Promise.allSettled([...sent, ...news]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

export interface TurnWanted {
  readonly tenantId: string;
  readonly id: string;
  /** What a process that is gone left on it. */
  readonly left: Lease | undefined;
  /** A receiver takes longer to answer than others should wait for. */
  readonly onSlow: () => void;
}

/**
 * One turn of one subscription: what is due again, and the next body of changes unless one before it is still on its
 * way. At least once: a body is written down before it is sent, and its end after it was answered.
 */
export async function runTurn(deliverer: Deliverer, { tenantId, id, left, onSlow }: TurnWanted): Promise<void> {
  const { store } = deliverer.deps;
  const leased = { id, owner: store.leaseOwner };
  const signal = AbortSignal.any([deliverer.stopping.signal, deliverer.doubt.signal]);
  const leasedUntil = performance.now() + LEASE_MS;
  const taken = await store.run(tenantId, takeSubscription, { ...leased, left, leaseMs: LEASE_MS });
  if (!taken) return;
  failpoint('notify.taken');
  try {
    await carryOut(deliverer, { tenantId, leased, onSlow, signal, leasedUntil }, taken);
  } finally {
    await store.run(tenantId, restSubscription, leased);
  }
}
