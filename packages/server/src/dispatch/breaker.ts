import { retryDelayMs } from './retry-delay.ts';

/** So many effects in a row without an answer: it is the provider, and none of its targets. */
const FAILURES_UNTIL_OPEN = 5;
const SHORTEST_PAUSE_MS = 1_000;
/** The first pause lies below four seconds. */
const PAUSES_AHEAD = 2;
/** While calls under way are what others wait for, their end is looked for this often; it wakes the tenant anyway. */
const LOOK_AGAIN_MS = 1_000;

/** What a breaker is bound by. Times in milliseconds. */
export interface BreakerLimits {
  readonly longestPauseMs: number;
  /** However long the provider asks to wait. */
  readonly longestThrottleMs: number;
  /** From so many calls under way on nothing is held back any more. */
  readonly enough: number;
}

/** `open`: nothing goes. `halfOpen`: one call is tried. `ramping`: it answers again, and gets more call by call. */
export type BreakerState = 'closed' | 'ramping' | 'halfOpen' | 'throttled' | 'open';

/** Whether calls of one lane go to one provider for one tenant. In memory: the truth is in the store. */
export interface Breaker {
  readonly limits: BreakerLimits;
  /** Ledger rows whose calls failed since the last answer. One that fails alone has delays of its own. */
  readonly failing: Set<string>;
  /** Pauses in a row without an answer; 0 while it answers. */
  pauses: number;
  openUntil: number;
  /** Until when the provider asked to wait, and how often in a row. */
  throttledUntil: number;
  throttles: number;
  /** Calls that may be under way at once. */
  most: number;
  underWay: number;
  /** More is due than it lets through: the next call that ends wakes the tenant. */
  isWanted: boolean;
}

export const createBreaker = (limits: BreakerLimits): Breaker => ({
  limits,
  failing: new Set(),
  pauses: 0,
  openUntil: 0,
  throttledUntil: 0,
  throttles: 0,
  most: Number.POSITIVE_INFINITY,
  underWay: 0,
  isWanted: false,
});

export function stateOf({ pauses, openUntil, throttledUntil, most }: Breaker, now: number): BreakerState {
  if (now < openUntil) return 'open';
  if (now < throttledUntil) return 'throttled';
  if (pauses > 0) return 'halfOpen';
  return Number.isFinite(most) ? 'ramping' : 'closed';
}

/** How many more calls may begin, and before which time it is of no use to ask for more than these. */
export function admits(breaker: Breaker, now: number): { readonly most: number; readonly again: number } {
  const until = Math.max(breaker.openUntil, breaker.throttledUntil);
  if (now < until) return { most: 0, again: until };
  const most = breaker.pauses > 0 ? 1 : breaker.most;
  return { most: Math.max(0, most - breaker.underWay), again: now + LOOK_AGAIN_MS };
}

/** It answered: whatever it said, it can be reached. What it asked for stays so. */
export function noteAnswer(breaker: Breaker): void {
  const { limits, pauses, most } = breaker;
  breaker.failing.clear();
  breaker.throttles = 0;
  breaker.openUntil = 0;
  breaker.pauses = 0;
  // One more for each answer doubles what is under way each time around.
  const next = pauses > 0 ? 2 : most + 1;
  breaker.most = next >= limits.enough ? Number.POSITIVE_INFINITY : next;
}

/** Another lane had an answer: the next call is tried at once. */
export function tryNow(breaker: Breaker): void {
  breaker.openUntil = 0;
}

const pauseMs = (count: number, random: number, longestMs: number): number =>
  Math.max(SHORTEST_PAUSE_MS, Math.min(longestMs, retryDelayMs(count + PAUSES_AHEAD, random)));

/** No answer came, or none that says anything of the target. Calls that were under way before a pause prolong none. */
export function noteFailure(breaker: Breaker, row: string, now: number, random: number): void {
  const { failing, limits } = breaker;
  failing.add(row);
  if (now < breaker.openUntil || (breaker.pauses === 0 && failing.size < FAILURES_UNTIL_OPEN)) return;
  breaker.pauses += 1;
  breaker.openUntil = now + pauseMs(breaker.pauses, random, limits.longestPauseMs);
}

/** It asks to be left alone: no failure. Afterwards half as much is under way, and then ever more again. */
export function noteThrottle(breaker: Breaker, now: number, random: number, retryAfterMs: number | undefined): void {
  const { limits } = breaker;
  if (now >= breaker.throttledUntil) {
    breaker.throttles += 1;
    const underWay = Math.min(breaker.most, limits.enough, Math.max(1, breaker.underWay));
    breaker.most = Math.max(1, Math.floor(underWay / 2));
  }
  const wait = retryAfterMs ?? pauseMs(breaker.throttles, random, limits.longestPauseMs);
  breaker.throttledUntil = Math.max(breaker.throttledUntil, now + Math.min(limits.longestThrottleMs, wait));
}

/** Nothing is remembered of it that matters. */
export const isIdle = (breaker: Breaker, now: number): boolean =>
  stateOf(breaker, now) === 'closed' && breaker.failing.size === 0 && breaker.underWay === 0;
