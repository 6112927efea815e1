import { wait } from '../lib/timers.ts';
import type { Hint } from '../store/process-hints.ts';
import { queries } from '../store/queries.ts';
import { isInDoubt, noteOwners, noteSilence } from '../store/watch-owners.ts';
import type { Dispatcher } from './dispatcher.ts';
import { eachTenant } from './each-tenant.ts';
import { keepReconciling } from './keep-reconciling.ts';
import { recoverAtStart, recoverFrom } from './recover-leases.ts';
import { begun, breakOff, wake } from './run-turn.ts';
import { forgetPast } from './set-aside.ts';

/** How often the store is asked what is due: wake-ups and timers only shorten the wait. */
const POLL_MS = 500;
const DOUBT_MS = 250;
const TENANTS_A_POLL = 100;

async function pollOnce(dispatcher: Dispatcher): Promise<void> {
  const { store } = dispatcher.deps;
  const now = store.clock.now();
  forgetPast(dispatcher.aside, now);
  const longest = await store.dueTenants(now, TENANTS_A_POLL);
  for (const tenantId of [...longest, ...dispatcher.doubtful]) wake(dispatcher, tenantId);
  if (longest.length < TENANTS_A_POLL) return;
  // Those may all wait for one slow product: behind them everybody comes to a turn, page by page.
  const page = await store.dueTenantsAfter(now, dispatcher.polledUpTo, TENANTS_A_POLL);
  for (const tenantId of page) wake(dispatcher, tenantId);
  dispatcher.polledUpTo = page.length < TENANTS_A_POLL ? '' : (page.at(-1) ?? '');
}

/** Most calls are over before anybody could change his mind. */
const LONG_CALL_MS = POLL_MS / 2;

async function breakOffOf(dispatcher: Dispatcher, tenantId: string): Promise<void> {
  const { store } = dispatcher.deps;
  const unwanted = await store.read(tenantId, queries.unwantedCalls({ owner: store.leaseOwner }));
  for (const { id } of unwanted) breakOff(dispatcher, id);
}

/** A cancel at another process, or an end, does not wait for a call that hangs here. */
async function breakOffUnwanted(dispatcher: Dispatcher): Promise<void> {
  const before = dispatcher.deps.timers.monotonicMs() - LONG_CALL_MS;
  const long = [...dispatcher.calls.values()].filter(({ kind, since }) => kind !== 'release' && since <= before);
  const tenants = new Set(long.map(({ tenantId }) => tenantId));
  await Promise.all([...tenants].map((tenantId) => breakOffOf(dispatcher, tenantId)));
}

/** What another process tells of comes sooner than by the next round. */
function onHint(dispatcher: Dispatcher, tenantId: string, hint: Hint): void {
  if (hint === 'work') wake(dispatcher, tenantId);
  if (hint !== 'ended') return;
  const isCalling = [...dispatcher.calls.values()].some(
    (call) => call.tenantId === tenantId && call.kind !== 'release',
  );
  if (isCalling) breakOffOf(dispatcher, tenantId).catch(dispatcher.deps.onFault);
}

/** Of a process that is gone, the others take the leases back. */
async function watchOwners(dispatcher: Dispatcher): Promise<void> {
  const { owners, deps } = dispatcher;
  const { store, timers, onFault } = deps;
  // Until it answers.
  noteSilence(owners, timers.monotonicMs());
  const gone = noteOwners(owners, await store.liveLeaseOwners(), timers.monotonicMs());
  if (gone.length === 0) return;
  void recoverFrom(dispatcher, gone)
    .then(() => pollOnce(dispatcher))
    .catch(onFault);
}

/** One that is taken for gone stops calling, whatever it waits for meanwhile. */
function doubt(dispatcher: Dispatcher): void {
  const { owners, deps } = dispatcher;
  const { store, timers } = deps;
  if (isInDoubt(owners, store.leaseOwner, timers.monotonicMs())) breakOffAll(dispatcher, 'The store is out of reach.');
}

function breakOffAll(dispatcher: Dispatcher, why: string): void {
  for (const { abort } of dispatcher.calls.values()) abort.abort(new Error(why));
}

/** Until the stop; a round that fails is told, and the next one comes all the same. */
async function keepDoing(dispatcher: Dispatcher, everyMs: number, round: () => Promise<void> | void): Promise<void> {
  const { deps, stopping } = dispatcher;
  for (;;) {
    await wait(deps.timers, everyMs, stopping.signal);
    if (dispatcher.stopped) return;
    try {
      await round();
    } catch (error) {
      deps.onFault(error);
    }
  }
}

/**
 * A provider that was not in the configuration may be so now: what waits there is due for nobody until its tenant has had
 * a turn. One tenant after the other, behind the start.
 */
async function comeToEach(dispatcher: Dispatcher): Promise<void> {
  for await (const tenantId of eachTenant(dispatcher.deps.store)) {
    if (dispatcher.stopped) return;
    await begun(dispatcher, tenantId);
  }
}

/** Starts dispatching: what an earlier process left behind first. Resolves when that is under way. */
export async function startDispatcher(dispatcher: Dispatcher): Promise<void> {
  await recoverAtStart(dispatcher);
  await pollOnce(dispatcher);
  void comeToEach(dispatcher).catch(dispatcher.deps.onFault);
  dispatcher.deps.store.hints?.hear((tenantId, hint) => onHint(dispatcher, tenantId, hint));
  // Each by itself: a store that keeps one of them waiting must not hold the others up.
  void keepDoing(dispatcher, POLL_MS, () => watchOwners(dispatcher));
  void keepDoing(dispatcher, POLL_MS, () => pollOnce(dispatcher));
  void keepDoing(dispatcher, POLL_MS, () => breakOffUnwanted(dispatcher));
  void keepDoing(dispatcher, DOUBT_MS, () => doubt(dispatcher));
  for (const provider of dispatcher.deps.providers) void keepReconciling(dispatcher, provider);
}

/**
 * Plans nothing more, waits so many milliseconds for what is under way, breaks the rest off, and sends nothing after
 * that. What is unfinished stands in the store, without a lease: others go on with it.
 */
export async function stopDispatcher(dispatcher: Dispatcher, drainMs: number): Promise<void> {
  dispatcher.stopped = true;
  dispatcher.stopping.abort();
  for (const { clear } of dispatcher.timers.values()) clear();
  const letDrain = dispatcher.deps.timers.after(drainMs, () => {
    dispatcher.sendsNothing = true;
    breakOffAll(dispatcher, 'The server stops.');
  });
  while (dispatcher.underWay.size > 0 || dispatcher.turns.size > 0) {
    const all = [...dispatcher.underWay, ...dispatcher.turns.values()];
    await Promise.allSettled(all.map(({ done }) => done));
    await new Promise((resolve) => setImmediate(resolve));
  }
  letDrain();
  await Promise.all(dispatcher.deps.providers.map(({ connector }) => connector.close()));
}
