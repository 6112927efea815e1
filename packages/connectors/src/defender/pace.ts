/** How often something may be done: at once while there is some in store, and then as it fills again. */
export interface Pace {
  readonly most: number;
  readonly everyMs: number;
  left: number;
  at: number;
}

export const createPace = (most: number, everyMs: number): Pace => ({ most, everyMs, left: most, at: 0 });

/** Takes from what is in store, below nothing if need be. @returns how long to wait before the next */
export function spend(pace: Pace, cost: number, nowMs: number): number {
  const filled = Math.max(0, nowMs - pace.at) / pace.everyMs;
  pace.left = Math.min(pace.most, pace.left + filled) - cost;
  pace.at = nowMs;
  return pace.left >= 1 ? 0 : Math.ceil((1 - pace.left) * pace.everyMs);
}
