import type { Clock } from '../../lib/clock.ts';

/** A clock that a test moves by hand. */
export interface HandClock extends Clock {
  nowMs: number;
}

export function createHandClock(nowMs: number = Date.parse('2026-11-24T12:00:00Z')): HandClock {
  return {
    nowMs,
    now() {
      return this.nowMs;
    },
  };
}
