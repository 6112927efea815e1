const FIRST_MS = 1_000;
const LONGEST_MS = 300_000;

/**
 * Doubling delay with full jitter, at most five minutes: many that failed together do not come back together.
 *
 * @param stalls calls in a row that brought nothing new, counting from 1
 * @param random in [0, 1)
 */
export const retryDelayMs = (stalls: number, random: number): number =>
  Math.round(random * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(stalls - 1, 20)));
