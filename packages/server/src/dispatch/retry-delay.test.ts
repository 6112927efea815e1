import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelayMs } from './retry-delay.ts';

/** Just below 1: the longest that the jitter allows. */
const MOST = 1 - 2 ** -53;

describe('the delay of a retry', () => {
  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [5, 16_000],
    [9, 256_000],
    [10, 300_000],
    [11, 300_000],
    [1_000, 300_000],
    [2 ** 31, 300_000],
  ])('after %i stalls is anywhere from nothing to %i ms', (stalls, longest) => {
    expect(retryDelayMs(stalls, 0)).toBe(0);
    expect(retryDelayMs(stalls, 0.5)).toBe(longest / 2);
    expect(retryDelayMs(stalls, MOST)).toBe(longest);
  });

  it('is a whole number of milliseconds, never shorter after more stalls, and at most five minutes', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), random, (stalls, chance) => {
        const delay = retryDelayMs(stalls, chance);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(300_000, retryDelayMs(stalls + 1, chance)));
      }),
    );
  });
});
