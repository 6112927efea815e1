import type { Answer, Presence } from '@interdict/connectors';
import { type Breaker, type BreakerState, noteAnswer, noteFailure, noteThrottle, stateOf, tryNow } from './breaker.ts';
import type { CallResult, LeasedCall } from './call-result.ts';
import type { Dispatcher, Way } from './dispatcher.ts';
import { breakerOf } from './gates.ts';

const TOO_MANY = 429;

type Unavailable = Extract<Answer, { kind: 'unavailable' }>;

/** It can be reached, and asks to be left alone for a while. */
const isThrottle = ({ retryAfterMs, subcode, fault }: Unavailable): boolean =>
  fault === undefined && (retryAfterMs !== undefined || subcode === TOO_MANY);

/** A write that was answered is an answer, whatever a look behind it brought. */
function wordOf({ answer, presence }: CallResult): Answer | Presence | undefined {
  return answer ?? presence;
}

function noteAt(breaker: Breaker, row: string, word: Answer | Presence, now: number, random: number): boolean {
  if (word.kind === 'unavailable' && isThrottle(word)) {
    noteThrottle(breaker, now, random, word.retryAfterMs);
    return true;
  }
  if (word.kind === 'unavailable' || word.kind === 'unknown') {
    noteFailure(breaker, row, now, random);
    return false;
  }
  noteAnswer(breaker);
  return true;
}

const HELD: Readonly<Record<BreakerState, boolean>> = {
  open: true,
  halfOpen: true,
  throttled: true,
  ramping: false,
  closed: false,
};

const WORDS = {
  open: 'Nothing is sent until {at}; then one call is tried.',
  halfOpen: 'One call at a time is tried.',
  throttled: 'It asked to wait: nothing is sent until {at}.',
} as const;

function messageOf(state: keyof typeof WORDS, until: number, lastWord: string): string {
  return `${lastWord} ${WORDS[state].replace('{at}', new Date(until).toISOString())}`.trim();
}

/** Shows people what is held back: the catalogue, and the metrics. */
function tell({ deps }: Dispatcher, { tenantId, provider, gate }: Way, word: Answer | Presence, now: number): void {
  const state = stateOf(gate.work, now);
  deps.metrics.breaker(provider.key, tenantId, state);
  if (!HELD[state]) deps.health.letThrough(provider.key, tenantId);
  else {
    const until = Math.max(gate.work.openUntil, gate.work.throttledUntil);
    const said = 'message' in word ? word.message : '';
    const message = messageOf(state as keyof typeof WORDS, until, said);
    deps.health.heldBack(provider.key, tenantId, { isDown: state !== 'throttled', message });
  }
}

/** What a call says of the provider, for this tenant: whether more of them may go, and when. */
export function noteAtGate(dispatcher: Dispatcher, way: Way, leased: LeasedCall, result: CallResult): void {
  const word = wordOf(result);
  if (!word) return;
  const { store, random } = dispatcher.deps;
  const now = store.clock.now();
  const breaker = breakerOf(way.gate, leased.kind);
  const isReached = noteAt(breaker, leased.enforcementId, word, now, random());
  const other = breaker === way.gate.release ? way.gate.work : way.gate.release;
  if (isReached) tryNow(other);
  if (word.kind === 'unavailable' && isThrottle(word)) noteThrottle(other, now, random(), word.retryAfterMs);
  tell(dispatcher, way, word, now);
}
