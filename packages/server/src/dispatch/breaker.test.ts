import { describe, expect, it } from 'vitest';
import {
  admits,
  type Breaker,
  createBreaker,
  isIdle,
  noteAnswer,
  noteFailure,
  noteThrottle,
  stateOf,
  tryNow,
} from './breaker.ts';

const LIMITS = { longestPauseMs: 300_000, longestThrottleMs: 3_600_000, enough: 8 };
const MOST = 1 - 2 ** -53;

function failed(count: number, random = MOST): Breaker {
  const breaker = createBreaker(LIMITS);
  for (let row = 0; row < count; row += 1) noteFailure(breaker, `row ${row}`, 0, random);
  return breaker;
}

describe('a breaker', () => {
  it('opens after five effects in a row without an answer, and no sooner', () => {
    expect(stateOf(failed(4), 0)).toBe('closed');
    const breaker = failed(5);
    expect(stateOf(breaker, 0)).toBe('open');
    expect(admits(breaker, 0)).toEqual({ most: 0, again: breaker.openUntil });
  });

  it('stays closed for one bad target, however often it fails, and for many that fail between answers', () => {
    const breaker = createBreaker(LIMITS);
    for (let count = 0; count < 100; count += 1) noteFailure(breaker, 'the bad one', count, MOST);
    expect(stateOf(breaker, 100)).toBe('closed');
    for (let row = 0; row < 100; row += 1) {
      noteFailure(breaker, `row ${row}`, 100, MOST);
      if (row % 3 === 2) noteAnswer(breaker);
    }
    expect(stateOf(breaker, 100)).toBe('closed');
  });

  it('tries one call at a time after each pause; pauses grow, with full jitter, to five minutes', () => {
    const breaker = failed(5);
    const pauses: number[] = [];
    for (let now = breaker.openUntil; pauses.length < 12; now = breaker.openUntil) {
      expect(stateOf(breaker, now)).toBe('halfOpen');
      expect(admits(breaker, now).most).toBe(1);
      breaker.underWay = 1;
      expect(admits(breaker, now).most).toBe(0);
      breaker.underWay = 0;
      noteFailure(breaker, 'row 0', now, MOST);
      pauses.push(breaker.openUntil - now);
    }
    expect(pauses).toEqual([
      8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000, 300_000, 300_000, 300_000, 300_000,
    ]);
    const lucky = failed(5, 0);
    expect(lucky.openUntil).toBe(1_000);
  });

  it('is not held open longer by what was under way before the pause', () => {
    const breaker = failed(5);
    const until = breaker.openUntil;
    for (let row = 0; row < 50; row += 1) noteFailure(breaker, `late ${row}`, 10, MOST);
    expect(breaker.openUntil).toBe(until);
  });

  it('closes with an answer, and lets twice as much through each time around', () => {
    const breaker = failed(5);
    noteAnswer(breaker);
    const rounds: number[] = [];
    while (stateOf(breaker, 0) === 'ramping') {
      const { most } = admits(breaker, 0);
      rounds.push(most);
      for (let call = 0; call < most; call += 1) noteAnswer(breaker);
    }
    expect(rounds).toEqual([2, 4]);
    expect(admits(breaker, 0).most).toBe(Number.POSITIVE_INFINITY);
    expect(isIdle(breaker, 0)).toBe(true);
  });

  it('tries at once what another lane had an answer to', () => {
    const breaker = failed(5);
    tryNow(breaker);
    expect(stateOf(breaker, 0)).toBe('halfOpen');
  });

  it('waits as long as it is asked to, counts no failure, and goes on with half as much', () => {
    const breaker = createBreaker(LIMITS);
    breaker.underWay = 8;
    for (let call = 0; call < 8; call += 1) noteThrottle(breaker, 1_000, MOST, 60_000);
    expect(stateOf(breaker, 60_999)).toBe('throttled');
    expect(admits(breaker, 1_000)).toEqual({ most: 0, again: 61_000 });
    breaker.underWay = 0;
    expect(stateOf(breaker, 61_000)).toBe('ramping');
    expect(admits(breaker, 61_000).most).toBe(4);
    expect(breaker.failing.size).toBe(0);
  });

  it('is not put off for ever, and backs off by itself where it is not told for how long', () => {
    const breaker = createBreaker(LIMITS);
    noteThrottle(breaker, 0, MOST, 30 * 86_400_000);
    expect(breaker.throttledUntil).toBe(3_600_000);
    const untold = createBreaker(LIMITS);
    noteThrottle(untold, 0, MOST, undefined);
    expect(untold.throttledUntil).toBe(4_000);
    noteThrottle(untold, 4_000, MOST, undefined);
    expect(untold.throttledUntil).toBe(12_000);
  });

  it('keeps to the wait that it was asked for when a call that was under way is answered', () => {
    const breaker = createBreaker(LIMITS);
    noteThrottle(breaker, 0, MOST, 60_000);
    noteAnswer(breaker);
    expect(admits(breaker, 1).most).toBe(0);
  });
});
