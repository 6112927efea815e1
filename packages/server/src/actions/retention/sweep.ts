import type { Clock } from '../../lib/clock.ts';
import { firstIdAt } from '../../lib/new-id.ts';
import { type Timers, wait } from '../../lib/timers.ts';
import { queries } from '../../store/queries.ts';
import type { Store } from '../../store/store.ts';
import {
  ACTIONS_AT_ONCE,
  DELIVERIES_KEPT_MS,
  PRUNED_AT_ONCE,
  pruneActions,
  pruneDeliveries,
  pruneKeptOrders,
  prunePauses,
  pruneUsedKeys,
} from './prune-units.ts';

export interface SweepDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  /** How long an action that is over is kept; undefined: for ever. */
  readonly finalActionsMs: number | undefined;
  /** How long the dispatch has to have run since a pause ended, until that is forgotten. */
  readonly pausesMs: number;
}

const TENANTS_AT_ONCE = 1_000;

/** Runs a unit until it finds too little for another, and leaves the store to others for as long as it took. */
async function inUnits({ timers, signal }: SweepDeps, most: number, prune: () => Promise<number>): Promise<void> {
  for (let gone = most; gone >= most && !signal.aborted; ) {
    const since = timers.monotonicMs();
    gone = await prune();
    await wait(timers, Math.max(1, timers.monotonicMs() - since), signal);
  }
}

async function sweepDeliveries(deps: SweepDeps, tenantId: string): Promise<void> {
  const { store, clock } = deps;
  for (let after = ''; ; ) {
    const rows = await store.read(tenantId, queries.subscriptionIds({ after, limit: TENANTS_AT_ONCE }));
    for (const { id } of rows) {
      const [oldest] = await store.read(tenantId, queries.oldestDelivery({ subscription_id: id }));
      if (!oldest || oldest.created_at >= clock.now() - DELIVERIES_KEPT_MS) continue;
      const args = { subscription_id: id };
      await inUnits(deps, PRUNED_AT_ONCE, () => store.run(tenantId, pruneDeliveries, args));
    }
    after = rows.at(-1)?.id ?? '';
    if (rows.length < TENANTS_AT_ONCE || deps.signal.aborted) return;
  }
}

async function sweepActions(deps: SweepDeps, tenantId: string, keptMs: number): Promise<void> {
  const { store, clock, signal, timers } = deps;
  const before = firstIdAt(clock.now() - keptMs);
  for (let after = ''; ; ) {
    const rows = await store.read(tenantId, queries.overActions({ after, before, limit: ACTIONS_AT_ONCE }));
    const ids = rows.map(({ id }) => id);
    const since = timers.monotonicMs();
    if (ids.length > 0) await store.run(tenantId, pruneActions, { ids, keptMs });
    await wait(timers, Math.max(1, timers.monotonicMs() - since), signal);
    after = ids.at(-1) ?? '';
    if (rows.length < ACTIONS_AT_ONCE || signal.aborted) return;
  }
}

async function sweepPauses(deps: SweepDeps, tenantId: string): Promise<void> {
  const { store, clock, pausesMs } = deps;
  const [oldest] = await store.read(tenantId, queries.oldestEndedPause({}));
  if (!oldest || oldest.until > clock.now() - pausesMs) return;
  await inUnits(deps, PRUNED_AT_ONCE, () => store.run(tenantId, prunePauses, { ranMs: pausesMs }));
}

/** Clears away whatever of a tenant no promise needs any more. */
export async function sweepTenant(deps: SweepDeps, tenantId: string): Promise<void> {
  const { store, clock, finalActionsMs } = deps;
  const [key] = await store.read(tenantId, queries.oldestUsedKey({}));
  if (key && key.until <= clock.now()) {
    await inUnits(deps, PRUNED_AT_ONCE, () => store.run(tenantId, pruneUsedKeys, undefined));
  }
  const [order] = await store.read(tenantId, queries.oldestKeptOrder({}));
  if (order && order.until <= clock.now()) await store.run(tenantId, pruneKeptOrders, undefined);
  await sweepDeliveries(deps, tenantId);
  await sweepPauses(deps, tenantId);
  if (finalActionsMs !== undefined) await sweepActions(deps, tenantId, finalActionsMs);
}

/** Every tenant that ever had a row, one after the other. A fault at one keeps nobody from the next. */
export async function sweepAll(
  { store, signal }: SweepDeps,
  sweep: (tenantId: string) => Promise<unknown>,
  onFault: (error: unknown) => void,
): Promise<void> {
  for (let last = ''; ; ) {
    const page = await store.tenantsAfter(last, TENANTS_AT_ONCE);
    for (const tenantId of page) {
      if (signal.aborted) return;
      await sweep(tenantId).catch(onFault);
    }
    last = page.at(-1) ?? '';
    if (page.length < TENANTS_AT_ONCE) return;
  }
}
