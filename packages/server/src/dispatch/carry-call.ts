import { failpoint } from '../lib/failpoint.ts';
import { wait } from '../lib/timers.ts';
import type { CallKind } from '../store/rows.ts';
import type { CallResult, LeasedCall } from './call-result.ts';
import { type Dispatcher, slotsOf, type Way } from './dispatcher.ts';
import { goOn } from './gates.ts';
import { noteAtGate } from './note-at-gate.ts';
import { runCall } from './run-call.ts';
import { type Settled, settleCall } from './settle-call.ts';
import { changeLane } from './slots.ts';

/** Tells the board how the provider answered. A refusal is an answer; a look that found nothing is one too. */
function note({ deps }: Dispatcher, { provider: { key } }: Way, result: CallResult): string {
  const { answer, presence } = result;
  const word = answer !== undefined && answer.kind !== 'done' ? answer : (presence ?? answer);
  if (!word) return 'unknown';
  if (word.kind !== 'unavailable' && word.kind !== 'unknown') deps.health.up(key);
  else if ('fault' in word && word.fault === 'ours') deps.health.misconfigured(key, word.message);
  else deps.health.failed(key, word.message);
  deps.metrics.providerUp(key, deps.health.of(key).health === 'up');
  return word.kind;
}

const SETTLE_TRIES = 5;
const SETTLE_PAUSE_MS = 200;

/** An outcome that cannot be stored is tried again; after that the lease runs out, and the call counts as unanswered. */
async function settle(
  dispatcher: Dispatcher,
  { tenantId, provider }: Way,
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
  way: Way,
  leased: LeasedCall,
  stop: AbortSignal,
): Promise<CallResult> {
  const { kind, call } = leased;
  const { metrics, timers, refusalFor } = dispatcher.deps;
  const { key, connector, terms } = way.provider;
  const protection = kind === 'apply' ? refusalFor(way.tenantId, call.target) : undefined;
  if (protection) return { protection: protection.message };
  const startedAt = timers.monotonicMs();
  const result = await runCall({ connector, timers, timeoutMs: terms.timeoutMs }, leased, stop);
  const seconds = (timers.monotonicMs() - startedAt) / 1_000;
  // What we broke off ourselves says nothing of the provider.
  if (stop.aborted) metrics.attempt(key, kind, 'brokenOff', seconds);
  else {
    metrics.attempt(key, kind, note(dispatcher, way, result), seconds);
    noteAtGate(dispatcher, way, leased, result);
  }
  return result;
}

/** One call: made, and its outcome settled. */
async function carryOne(
  dispatcher: Dispatcher,
  way: Way,
  leased: LeasedCall,
): Promise<{ readonly settled: Settled; readonly made: number }> {
  const abort = new AbortController();
  const { tenantId } = way;
  const since = dispatcher.deps.timers.monotonicMs();
  dispatcher.calls.set(leased.enforcementId, { tenantId, abort, kind: leased.kind, since });
  try {
    const result = await callUnlessProtected(dispatcher, way, leased, abort.signal);
    const made = (result.answer ? 1 : 0) + (result.presence ? 1 : 0);
    return { settled: await settle(dispatcher, way, leased, result), made };
  } finally {
    dispatcher.calls.delete(leased.enforcementId);
  }
}

/** How a call ended, with all that followed from it at once. */
export interface Carried {
  /** Of the last call. */
  readonly kind: CallKind;
  /** When the effect is due again; null where it is not. */
  readonly dueAt: number | null;
  /** How often the product was asked. */
  readonly made: number;
}

/** Makes a leased call in the slot that was reserved for it, and what follows from it at once. Never rejects. */
export async function carryCall(dispatcher: Dispatcher, way: Way, first: LeasedCall): Promise<Carried> {
  const slots = slotsOf(dispatcher, way.provider);
  let made = 0;
  for (let leased = first; ; ) {
    const carried = await carryOne(dispatcher, way, leased);
    const { next, dueAt } = carried.settled;
    made += carried.made;
    if (!next) return { kind: leased.kind, dueAt, made };
    changeLane(slots, leased.kind, next.kind);
    goOn(way.gate, leased.kind, next.kind);
    leased = next;
  }
}
