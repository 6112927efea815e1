import { targetFromText } from '@interdict/contract';
import { providersOf } from '../actions/provider.ts';
import { queries } from '../store/queries.ts';
import type { LeasedCall } from './call-result.ts';
import { carryCall } from './carry-call.ts';
import type { DispatchedProvider, Dispatcher } from './dispatcher.ts';
import { freeSlots } from './slots.ts';
import { type ProviderTurn, takeDue } from './take-due.ts';

/** More than a provider's slots: an action that joins an effect in force needs none. */
const STARTS_BEYOND_SLOTS = 32;
const ENDS_A_TURN = 200;

async function readProviderTurn(
  dispatcher: Dispatcher,
  tenantId: string,
  { key, terms }: DispatchedProvider,
  now: number,
): Promise<ProviderTurn> {
  const slots = dispatcher.slots.get(key);
  const free = slots ? freeSlots(slots) : { release: 0, apply: 0, verify: 0 };
  const limit = free.apply + STARTS_BEYOND_SLOTS;
  const due = await dispatcher.deps.store.read(tenantId, queries.dueActions({ provider: terms.provider, now, limit }));
  const starts = due.map(({ id, target }) => {
    const refusal = target === null ? undefined : dispatcher.deps.refusalFor(tenantId, targetFromText(target));
    return refusal === undefined ? { id } : { id, refusal: refusal.message };
  });
  return { terms, free, starts };
}

/** Whether a provider's slots are used up, so that something may wait for one. */
function isSaturated({ terms, free, starts }: ProviderTurn, calls: readonly LeasedCall[]): boolean {
  const taken = calls.filter(({ provider }) => provider === terms.provider).length;
  return starts.length > free.apply || taken >= Math.min(free.apply, free.release, free.verify);
}

async function runTurn(dispatcher: Dispatcher, tenantId: string): Promise<boolean> {
  const { store, clock, random } = dispatcher.deps;
  const now = clock.now();
  const mine = providersOf(dispatcher.deps.providers, tenantId);
  const [ended, ...providers] = await Promise.all([
    store.read(tenantId, queries.endedActions({ now, limit: ENDS_A_TURN })),
    ...mine.map((provider) => readProviderTurn(dispatcher, tenantId, provider, now)),
  ]);
  const ends = ended.map(({ id }) => id);
  const turn = { owner: store.leaseOwner, random: random(), providers, ends };
  const { calls, nextDueAt } = await store.run(tenantId, takeDue, turn);
  for (const call of calls) {
    const provider = mine.find(({ terms }) => terms.provider === call.provider);
    if (provider) launch(dispatcher, tenantId, provider, call);
  }
  if (providers.some((provider) => isSaturated(provider, calls))) dispatcher.saturated.add(tenantId);
  if (nextDueAt !== null && nextDueAt > now) wakeAt(dispatcher, tenantId, nextDueAt);
  return calls.length > 0 || ended.length === ENDS_A_TURN;
}

function launch(dispatcher: Dispatcher, tenantId: string, provider: DispatchedProvider, leased: LeasedCall): void {
  const done = carryCall(dispatcher, tenantId, provider, leased).then((dueAt) => {
    dispatcher.underWay.delete(underWay);
    if (dueAt !== null) wakeAt(dispatcher, tenantId, dueAt);
    if (dispatcher.saturated.delete(tenantId)) wake(dispatcher, tenantId);
  });
  const underWay = { tenantId, done };
  dispatcher.underWay.add(underWay);
}

async function runTurns(dispatcher: Dispatcher, tenantId: string): Promise<void> {
  // Whoever is woken for this turn is already in the map when it begins.
  await Promise.resolve();
  const turning = dispatcher.turns.get(tenantId);
  try {
    while (turning && !dispatcher.stopped) {
      turning.again = false;
      const isMore = await runTurn(dispatcher, tenantId);
      if (!isMore && !turning.again) break;
    }
  } catch (error) {
    // The poll comes back to it: what is due stays due in the store.
    dispatcher.deps.onFault(error);
  } finally {
    dispatcher.turns.delete(tenantId);
  }
}

/** There may be something to do for a tenant. A hint: what it misses, the poll finds. */
export function wake(dispatcher: Dispatcher, tenantId: string): void {
  if (dispatcher.stopped) return;
  const turning = dispatcher.turns.get(tenantId);
  if (turning) turning.again = true;
  else dispatcher.turns.set(tenantId, { again: false, done: runTurns(dispatcher, tenantId) });
}

/** Resolves when everything of the tenant that is due now has begun. */
export async function begun(dispatcher: Dispatcher, tenantId: string): Promise<void> {
  wake(dispatcher, tenantId);
  await dispatcher.turns.get(tenantId)?.done;
}

/** Resolves when everything of the tenant that is due now has begun, and the calls under way have ended. */
export async function settled(dispatcher: Dispatcher, tenantId: string): Promise<void> {
  await begun(dispatcher, tenantId);
  const mine = [...dispatcher.underWay].filter((call) => call.tenantId === tenantId);
  await Promise.all(mine.map(({ done }) => done));
}

const LONGEST_TIMER_MS = 60_000;

/** Wakes the tenant at a time, unless it will be woken earlier anyway. */
export function wakeAt(dispatcher: Dispatcher, tenantId: string, at: number): void {
  const planned = dispatcher.timers.get(tenantId);
  if (dispatcher.stopped || (planned && planned.at <= at)) return;
  clearTimeout(planned?.timer);
  const wait = Math.min(LONGEST_TIMER_MS, Math.max(0, at - dispatcher.deps.clock.now()));
  const timer = setTimeout(() => {
    dispatcher.timers.delete(tenantId);
    wake(dispatcher, tenantId);
  }, wait);
  timer.unref();
  dispatcher.timers.set(tenantId, { at, timer });
}

/** An effect is to be taken back: an apply of it that is still under way is broken off, so that the release goes at once. */
export function breakOff(dispatcher: Dispatcher, enforcementId: string): void {
  const call = dispatcher.calls.get(enforcementId);
  if (call && call.kind !== 'release') call.abort.abort(new Error('The action was cancelled.'));
}
