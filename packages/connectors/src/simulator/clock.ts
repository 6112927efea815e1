import { setTimeout as delay } from 'node:timers/promises';

/** The time of a simulated product. */
export interface SimulatorClock {
  nowMs(): number;
  /** Resolves after so long; for ever is allowed. @throws as soon as the signal aborts */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new Error('The wait was ended.'));
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return promise;
}

export const systemClock: SimulatorClock = {
  // Not the time of day, which may jump.
  nowMs: () => performance.now(),
  async wait(ms, signal) {
    signal.throwIfAborted();
    if (ms === Number.POSITIVE_INFINITY) await untilAborted(signal);
    else if (ms > 0) await delay(ms, undefined, { signal });
  },
};
