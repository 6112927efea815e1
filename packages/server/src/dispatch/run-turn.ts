import { targetFromText } from '@interdict/contract';
import { queries } from '../store/queries.ts';
import type { LeasedCall } from './call-result.ts';
import { carryCall } from './carry-call.ts';
import type { DispatchedProvider, Dispatcher } from './dispatcher.ts';
import { freeSlots } from './slots.ts';
import { type ProviderTurn, takeDue } from './take-due.ts';

/** More than a provider's slots: an action that joins an effect in force needs none. */
const STARTS_BEYOND_SLOTS = 32;
const ENDS_A_TURN = 200;

const providersOf = ({ deps }: Dispatcher, tenantId: string): readonly DispatchedProvider[] =>
  deps.providers.filter(({ tenants }) => tenants === undefined || tenants.has(tenantId));

async function readProviderTurn(
  dispatcher: Dispatcher,
  tenantId: string,
  { terms }: DispatchedProvider,
  now: number,
): Promise<ProviderTurn> {
  const slots = dispatcher.slots.get(terms.provider);
  const free = slots ? freeSlots(slots) : { release: 0, apply: 0, verify: 0 };
  const limit = free.apply + STARTS_BEYOND_SLOTS;
  const due = await dispatcher.deps.store.read(tenantId, queries.dueActions({ provider: terms.provider, now, limit }));
  const starts = due.map(({ id, target }) => {
    const refusal = target === null ? undefined : dispatcher.deps.refusalFor(tenantId, targetFromText(target));
    return refusal === undefined ? { id } : { id, refusal: refusal.message };
  });
  return { terms, free, starts };
}

async function runTurn(dispatcher: Dispatcher, tenantId: string): Promise<void> {
  const { store, clock, random } = dispatcher.deps;
  const now = clock.now();
  const [ended, ...providers] = await Promise.all([
    store.read(tenantId, queries.endedActions({ now, limit: ENDS_A_TURN })),
    ...providersOf(dispatcher, tenantId).map((provider) => readProviderTurn(dispatcher, tenantId, provider, now)),
  ]);
  const ends = ended.map(({ id }) => id);
  const turn = { owner: store.leaseOwner, random: random(), providers, ends };
  const { calls, nextDueAt } = await store.run(tenantId, takeDue, turn);
  for (const call of calls) launch(dispatcher, tenantId, call);
  if (calls.length > 0 || ended.length === ENDS_A_TURN) dispatcher.turns.set(tenantId, true);
  else if (nextDueAt !== null && nextDueAt > now) wakeAt(dispatcher, tenantId, nextDueAt);
}

function launch(dispatcher: Dispatcher, tenantId: string, leased: LeasedCall): void {
  const call = carryCall(dispatcher, tenantId, leased).finally(() => {
    dispatcher.underWay.delete(call);
    wake(dispatcher, tenantId);
  });
  dispatcher.underWay.add(call);
}

async function runTurns(dispatcher: Dispatcher, tenantId: string): Promise<void> {
  try {
    do {
      dispatcher.turns.set(tenantId, false);
      await runTurn(dispatcher, tenantId);
    } while (dispatcher.turns.get(tenantId) && !dispatcher.stopped);
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
  if (dispatcher.turns.has(tenantId)) dispatcher.turns.set(tenantId, true);
  else void runTurns(dispatcher, tenantId);
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
