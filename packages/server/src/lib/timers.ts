/** Where waiting comes from: the process, or a simulation in which hours pass at once. */
export interface Timers {
  /** Milliseconds of a clock that nobody sets: for spans within this process. */
  monotonicMs(): number;

  /** Calls `run` once after so many milliseconds. Returns what keeps it from that. Keeps no process alive. */
  after(ms: number, run: () => void): () => void;
}

export const systemTimers: Timers = {
  monotonicMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after so many milliseconds, or when the signal aborts. Never rejects. */
export function wait(timers: Timers, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      clear();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const clear = timers.after(ms, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/** A signal that aborts after so many milliseconds, and what lets go of its timer. */
export function timeLimit(timers: Timers, ms: number): { readonly signal: AbortSignal; readonly end: () => void } {
  const abort = new AbortController();
  const end = timers.after(ms, () => abort.abort(new Error(`Not done within ${ms / 1_000} s.`)));
  return { signal: abort.signal, end };
}

/** Waits no longer than that; false where it is not over then. @throws what the work does */
export async function isDoneWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const over = new AbortController();
  const silence = wait(systemTimers, ms, over.signal).then(() => false);
  try {
    return await Promise.race([work.then(() => true), silence]);
  } finally {
    over.abort();
  }
}
