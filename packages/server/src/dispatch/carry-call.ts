import { failpoint } from '../lib/failpoint.ts';
import { wait } from '../lib/timers.ts';
import type { CallKind } from '../store/rows.ts';
import type { CallResult, LeasedCall } from './call-result.ts';
import { type DispatchedProvider, type Dispatcher, slotsOf } from './dispatcher.ts';
import { runCall } from './run-call.ts';
import { type Settled, settleCall } from './settle-call.ts';
import { changeLane } from './slots.ts';

/** Tells the board how the provider answered. A refusal is an answer; a look that found nothing is one too. */
function note(
  { deps }: Dispatcher,
  { key }: DispatchedProvider,
  { kind }: LeasedCall,
  result: CallResult,
  startedAt: number,
): void {
  const { answer, presence } = result;
  const word = answer !== undefined && answer.kind !== 'done' ? answer : (presence ?? answer);
  if (!word) return;
  deps.metrics.attempt(key, kind, word.kind, (deps.timers.monotonicMs() - startedAt) / 1_000);
  if (word.kind !== 'unavailable' && word.kind !== 'unknown') deps.health.up(key);
  else if ('fault' in word && word.fault === 'ours') deps.health.misconfigured(key, word.message);
  else deps.health.failed(key, word.message);
  deps.metrics.providerUp(key, deps.health.of(key).health === 'up');
}

const SETTLE_TRIES = 5;
const SETTLE_PAUSE_MS = 200;

/** An outcome that cannot be stored is tried again; after that the lease runs out, and the call counts as unanswered. */
async function settle(
  dispatcher: Dispatcher,
  tenantId: string,
  provider: DispatchedProvider,
  leased: LeasedCall,
  result: CallResult,
): Promise<Settled> {
  const { store, random, timers, onFault, onAlarms } = dispatcher.deps;
  const { enforcementId, fence } = leased;
  const settlement = { enforcementId, fence, result, random: random(), owner: store.leaseOwner, terms: provider.terms };
  for (let tries = 1; ; tries += 1) {
    try {
      failpoint('settle.beforeStore');
      const settled = await store.run(tenantId, settleCall, settlement, { urgent: leased.kind === 'release' });
      failpoint('settle.afterStore');
      onAlarms(tenantId, settled.alarms ?? []);
      return settled;
    } catch (error) {
      onFault(error);
      if (tries === SETTLE_TRIES) return { held: false, dueAt: null };
      await wait(timers, SETTLE_PAUSE_MS * tries);
    }
  }
}

/** The guard-rails are asked before every apply, not the first alone: what they forbid may have changed meanwhile. */
async function callUnlessProtected(
  dispatcher: Dispatcher,
  tenantId: string,
  provider: DispatchedProvider,
  leased: LeasedCall,
  stop: AbortSignal,
): Promise<CallResult> {
  const { kind, call } = leased;
  const { connector, terms } = provider;
  const { timers, refusalFor } = dispatcher.deps;
  const protection = kind === 'apply' ? refusalFor(tenantId, call.target) : undefined;
  if (protection) return { protection: protection.message };
  const startedAt = timers.monotonicMs();
  const result = await runCall({ connector, timers, timeoutMs: terms.timeoutMs }, leased, stop);
  note(dispatcher, provider, leased, result, startedAt);
  return result;
}

/** One call: made, and its outcome settled. */
async function carryOne(
  dispatcher: Dispatcher,
  tenantId: string,
  provider: DispatchedProvider,
  leased: LeasedCall,
): Promise<Settled> {
  const abort = new AbortController();
  const since = dispatcher.deps.timers.monotonicMs();
  dispatcher.calls.set(leased.enforcementId, { tenantId, abort, kind: leased.kind, since });
  try {
    const result = await callUnlessProtected(dispatcher, tenantId, provider, leased, abort.signal);
    return await settle(dispatcher, tenantId, provider, leased, result);
  } finally {
    dispatcher.calls.delete(leased.enforcementId);
  }
}

/**
 * Makes a leased call in the slot that was reserved for it, and what follows from it at once. Never rejects.
 * @param provider the tenant's own of the name that the call bears
 * @returns the kind of the last call, and when the effect is due again; null where it is not
 */
export async function carryCall(
  dispatcher: Dispatcher,
  tenantId: string,
  provider: DispatchedProvider,
  first: LeasedCall,
): Promise<{ readonly kind: CallKind; readonly dueAt: number | null }> {
  const slots = slotsOf(dispatcher, provider);
  for (let leased = first; ; ) {
    const { next, dueAt }: Settled = await carryOne(dispatcher, tenantId, provider, leased);
    if (!next) return { kind: leased.kind, dueAt };
    changeLane(slots, leased.kind, next.kind);
    leased = next;
  }
}
