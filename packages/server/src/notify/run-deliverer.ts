import { setTimeout as delay } from 'node:timers/promises';
import { queries } from '../store/queries.ts';
import { isShared } from '../store/watch-owners.ts';
import { runTurn } from './deliver.ts';
import type { Deliverer } from './deliverer.ts';
import { type Bound, type Slot, waitForSlots } from './slots.ts';
import { doubtOneself, findFree, watchOthers } from './watch-leases.ts';

/** Hints only shorten the wait. */
const POLL_MS = 1_000;
/** What happens together is told together. */
const GATHER_MS = 25;
/** As the dispatcher does: who is gone must be so for both. */
const WATCH_MS = 500;
const DOUBT_MS = 250;
const PAGE = 1_000;
/** What throws does so again: it is told now and then, and not every second. */
const ASIDE_MS = 10_000;
/** Turns under way get this long to end by themselves at shutdown. */
const DRAIN_MS = 2_000;

/** Something was written into the tenant's journal, or one of its subscriptions has something to do. */
export function onChange(deliverer: Deliverer, tenantId: string): void {
  if (!deliverer.subscribed.has(tenantId) || deliverer.stopping.signal.aborted) return;
  const under = deliverer.rounds.get(tenantId);
  if (under) {
    under.again = true;
    return;
  }
  deliverer.rounds.set(tenantId, { again: false });
  void runRounds(deliverer, tenantId);
}

/** The tenant has a subscription from now on. */
export function onSubscribed(deliverer: Deliverer, tenantId: string): void {
  deliverer.subscribed.add(tenantId);
  onChange(deliverer, tenantId);
}

async function runRounds(deliverer: Deliverer, tenantId: string): Promise<void> {
  const round = deliverer.rounds.get(tenantId) ?? { again: false };
  try {
    do {
      await delay(GATHER_MS, undefined, { ref: false });
      round.again = false;
      await lookThrough(deliverer, tenantId);
    } while (round.again && !deliverer.stopping.signal.aborted);
  } catch (error) {
    deliverer.deps.onFault(error);
  } finally {
    deliverer.rounds.delete(tenantId);
  }
}

/** In an order that favours nobody for long. */
const shuffled = <Item>(items: readonly Item[], random: () => number): readonly Item[] =>
  items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);

async function lookThrough(deliverer: Deliverer, tenantId: string): Promise<void> {
  const { store, random } = deliverer.deps;
  const { sequence } = await store.tenant(tenantId);
  const now = store.clock.now();
  const awake = await store.read(tenantId, queries.awakeSubscriptions({ sequence, now, limit: PAGE }));
  const free = await findFree(deliverer, awake, now);
  const bounds = shuffled(free, random)
    .filter(({ row }) => !deliverer.turns.has(row.id))
    .map(({ row: { id, app_id, host, failing }, ...left }) => ({
      tenantId,
      appId: app_id,
      id,
      host,
      isSlow: failing > 0,
      ...left,
    }));
  waitForSlots(deliverer.slots, bounds, (bound, slot) => startTurn(deliverer, bound, slot));
}

function startTurn(deliverer: Deliverer, { tenantId, id, left }: Bound, slot: Slot): boolean {
  if (deliverer.turns.has(id) || deliverer.stopping.signal.aborted || deliverer.doubt.signal.aborted) return false;
  if ((deliverer.aside.get(id) ?? 0) > performance.now()) return false;
  deliverer.aside.delete(id);
  let isSlow = false;
  const onSlow = (): void => {
    if (!isSlow) slot.slowDown();
    isSlow = true;
  };
  const turn = runTurn(deliverer, { tenantId, id, left, onSlow })
    .catch((error: unknown) => {
      deliverer.aside.set(id, performance.now() + ASIDE_MS);
      deliverer.deps.onFault(error);
    })
    .finally(() => {
      deliverer.turns.delete(id);
      slot.giveBack();
      onChange(deliverer, tenantId);
    });
  deliverer.turns.set(id, turn);
  return true;
}

/** What was set aside and is gone since is not looked at again. */
function forgetAside({ aside }: Deliverer): void {
  for (const [id, until] of aside) if (until <= performance.now()) aside.delete(id);
}

/** Tenants of other processes' subscriptions too. */
async function refresh(deliverer: Deliverer): Promise<void> {
  const { store } = deliverer.deps;
  forgetAside(deliverer);
  const found = new Set<string>();
  for (let last = ''; ; ) {
    const page = await store.subscribedTenants(last, PAGE);
    for (const tenantId of page) found.add(tenantId);
    last = page.at(-1) ?? '';
    if (page.length < PAGE) break;
  }
  deliverer.subscribed = found;
  for (const tenantId of found) onChange(deliverer, tenantId);
}

async function keepDoing(deliverer: Deliverer, everyMs: number, round: () => Promise<void> | void): Promise<void> {
  const { signal } = deliverer.stopping;
  while (!signal.aborted) {
    try {
      await round();
    } catch (error) {
      deliverer.deps.onFault(error);
    }
    await delay(everyMs, undefined, { ref: false, signal }).catch(() => undefined);
  }
}

/**
 * Starts delivering: what an earlier process left behind first. Where nobody subscribes it costs one question a second,
 * and on a store that processes share two more.
 */
export function startDeliverer(deliverer: Deliverer): void {
  void keepDoing(deliverer, POLL_MS, () => refresh(deliverer));
  if (!isShared(deliverer.deps.store)) return;
  // Each by itself: a store that keeps one of them waiting must not hold the others up.
  void keepDoing(deliverer, WATCH_MS, () => watchOthers(deliverer));
  void keepDoing(deliverer, DOUBT_MS, () => doubtOneself(deliverer));
}

/** Begins nothing more, breaks off what is under way, and leaves it in the store to be sent again. */
export async function stopDeliverer(deliverer: Deliverer): Promise<void> {
  deliverer.stopping.abort(new Error('The server stops.'));
  const drained = Promise.allSettled([...deliverer.turns.values()]);
  await Promise.race([drained, delay(DRAIN_MS, undefined, { ref: false })]);
}
