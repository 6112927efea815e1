import type { Clock } from '../../lib/clock.ts';

/** A database's clock, reckoned from the process's own and from what the database answered when it was asked. */
export interface StoreClock extends Clock {
  readonly own: Clock;
  /** To be added to the own clock. */
  offsetMs: number;
}

export function createStoreClock(own: Clock): StoreClock {
  const clock: StoreClock = { own, offsetMs: Number.NEGATIVE_INFINITY, now: () => own.now() + clock.offsetMs };
  return clock;
}

/**
 * Asks the database, and learns its time from the answer. That was true at some moment between question and answer, so
 * the difference lies between two bounds. The lower one is taken, and the highest of all measurements: who is behind
 * finds a little later what is due, who is ahead asks for what the database does not do yet. When either clock was
 * set, the old difference lies outside.
 */
export async function measure<Value>(
  clock: StoreClock,
  ask: () => Promise<{ readonly value: Value; readonly now: number }>,
): Promise<Value> {
  const asked = clock.own.now();
  const { value, now } = await ask();
  const [lower, upper] = [now - clock.own.now(), now - asked];
  clock.offsetMs = clock.offsetMs > upper ? lower : Math.max(clock.offsetMs, lower);
  return value;
}
