import { fromDateTime } from '../lib/date-time.ts';
import { failpoint } from '../lib/failpoint.ts';
import { wait } from '../lib/timers.ts';
import type { CallKind } from '../store/rows.ts';
import type { Hurry } from '../store/store.ts';
import type { CallResult, LeasedCall } from './call-result.ts';
import { type Dispatcher, slotsOf, type Way } from './dispatcher.ts';
import { goOn } from './gates.ts';
import { SENT_WITHIN_MS } from './lease-call.ts';
import { noteAtGate } from './note-at-gate.ts';
import { runCall } from './run-call.ts';
import { type Settled, settleCall } from './settle-call.ts';
import { changeLane, giveBack, isBusy, slotLaneOf } from './slots.ts';

/** Tells the board how the provider answered. A refusal is an answer; a look that found nothing is one too. */
export function noteHealth({ deps, answersAgain }: Dispatcher, key: string, result: CallResult): string {
  const { answer, presence } = result;
  const word = answer !== undefined && answer.kind !== 'done' ? answer : (presence ?? answer);
  if (!word) return 'unknown';
  const wasAway = deps.health.of(key).health !== 'up';
  if (word.kind !== 'unavailable' && word.kind !== 'unknown') {
    deps.health.up(key);
    if (wasAway) answersAgain.get(key)?.();
  } else if ('fault' in word && word.fault === 'ours') deps.health.misconfigured(key, word.message);
  else deps.health.failed(key, word.message);
  deps.metrics.providerUp(key, deps.health.of(key).health === 'up');
  return word.kind;
}

const SETTLE_TRIES = 5;
const SETTLE_PAUSE_MS = 200;

/** A leased call, and when its lease was asked for by the clock of the timers: what is left of it counts from then. */
export interface HeldCall extends LeasedCall {
  readonly askedAt: number;
}

interface Outcome {
  readonly settled: Settled;
  /** When that was asked for, and with it the lease of what follows. */
  readonly askedAt: number;
}

function hurryOf(dispatcher: Dispatcher, provider: Way['provider'], { kind }: LeasedCall): Hurry {
  if (kind === 'release') return { urgent: true };
  return { patient: kind !== 'look' && isBusy(slotsOf(dispatcher, provider)) };
}

/** An outcome that cannot be stored is tried again; after that the lease runs out, and the call counts as unanswered. */
async function settle(
  dispatcher: Dispatcher,
  { tenantId, provider }: Way,
  leased: LeasedCall,
  result: CallResult,
): Promise<Outcome> {
  const { store, random, timers, onFault, onAlarms } = dispatcher.deps;
  const { enforcementId, fence } = leased;
  const toldUntil = fromDateTime(leased.call.expirationDateTime);
  const settlement = {
    enforcementId,
    fence,
    result,
    toldUntil,
    random: random(),
    owner: store.leaseOwner,
    terms: provider.terms,
  };
  for (let tries = 1; ; tries += 1) {
    const askedAt = timers.monotonicMs();
    try {
      failpoint('settle.beforeStore');
      const settled = await store.run(tenantId, settleCall, settlement, hurryOf(dispatcher, provider, leased));
      failpoint('settle.afterStore');
      onAlarms(tenantId, settled.alarms ?? []);
      return { settled, askedAt };
    } catch (error) {
      onFault(error);
      // What follows from it may have been leased all the same.
      dispatcher.unsettled.add(enforcementId);
      if (tries === SETTLE_TRIES) return { settled: { held: false, dueAt: null }, askedAt };
      await wait(timers, SETTLE_PAUSE_MS * tries);
    }
  }
}

/** Nothing was sent, and nothing will be. */
function unsent(kind: CallKind): CallResult {
  const message = 'Its turn came too late: nothing was sent.';
  if (kind === 'look' || kind === 'verify') return { presence: { kind: 'unknown', message } };
  return { answer: { kind: 'unavailable', message } };
}

/** The guard-rails are asked before every apply, not the first alone: what they forbid may have changed meanwhile. */
async function callUnlessProtected(
  dispatcher: Dispatcher,
  way: Way,
  leased: HeldCall,
  stop: AbortSignal,
): Promise<CallResult> {
  const { kind, call, askedAt } = leased;
  const { metrics, timers, refusalFor } = dispatcher.deps;
  const { key, connector, terms } = way.provider;
  const protection = kind === 'apply' ? refusalFor(way.tenantId, call.target) : undefined;
  if (protection) return { protection: protection.message };
  const startedAt = timers.monotonicMs();
  if (startedAt - askedAt > SENT_WITHIN_MS || dispatcher.sendsNothing) return unsent(kind);
  const result = await runCall({ connector, timers, timeoutMs: terms.timeoutMs }, leased, stop);
  const seconds = (timers.monotonicMs() - startedAt) / 1_000;
  // What we broke off ourselves says nothing of the provider.
  if (stop.aborted) metrics.attempt(key, kind, 'brokenOff', seconds);
  else {
    metrics.attempt(key, kind, noteHealth(dispatcher, key, result), seconds);
    noteAtGate(dispatcher, way, leased, result);
  }
  return result;
}

/** Another call may follow from a look in its own transaction: it keeps its slot until then. */
const keepsSlot = ({ kind }: LeasedCall): boolean => kind === 'look';

/** One call: made, and its outcome settled. The product is free for another while this one's is written down. */
async function carryOne(
  dispatcher: Dispatcher,
  way: Way,
  leased: HeldCall,
  freeSlot: () => void,
): Promise<Outcome & { readonly made: number }> {
  const abort = new AbortController();
  const { tenantId } = way;
  const since = dispatcher.deps.timers.monotonicMs();
  dispatcher.calls.set(leased.enforcementId, { tenantId, abort, kind: leased.kind, since });
  try {
    const result = await callUnlessProtected(dispatcher, way, leased, abort.signal);
    if (!keepsSlot(leased)) freeSlot();
    const made = (result.answer ? 1 : 0) + (result.presence ? 1 : 0);
    return { ...(await settle(dispatcher, way, leased, result)), made };
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

/**
 * Makes a leased call in the slot that was reserved for it, and what follows from it at once. Never rejects.
 * @param onSlot the slot is free again
 */
export async function carryCall(
  dispatcher: Dispatcher,
  way: Way,
  first: HeldCall,
  onSlot: () => void,
): Promise<Carried> {
  const slots = slotsOf(dispatcher, way.provider);
  let made = 0;
  for (let leased = first; ; ) {
    const lane = slotLaneOf(leased.kind);
    const freeSlot = (): void => {
      giveBack(slots, lane, way.tenantId);
      onSlot();
    };
    const carried = await carryOne(dispatcher, way, leased, freeSlot);
    const { next, dueAt } = carried.settled;
    made += carried.made;
    if (!next) {
      if (keepsSlot(leased)) freeSlot();
      return { kind: leased.kind, dueAt, made };
    }
    changeLane(slots, way.tenantId, leased.kind, next.kind);
    goOn(way.gate, leased.kind, next.kind);
    leased = { ...next, askedAt: carried.askedAt };
  }
}
