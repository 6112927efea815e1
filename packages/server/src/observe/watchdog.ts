import { Worker } from 'node:worker_threads';

/** What the watchdog's thread is given. */
export interface WatchdogThread {
  readonly shared: SharedArrayBuffer;
  readonly lookEveryMs: number;
  /** It ends the process when the event loop has stood still for so long. */
  readonly longestMs: number;
}

/** Places in the memory that both threads see. */
export const PLACES = { beat: 0, worstMs: 1 } as const;

export interface Watchdog {
  /** Resolves when its thread has begun to look. */
  readonly begun: Promise<unknown>;
  /** For how long the event loop stood still at most, in the last ten seconds. */
  worstMs(): number;
  close(): Promise<void>;
}

export interface WatchdogOptions {
  /** Its thread died: nobody watches any more. */
  readonly onFault: (error: Error) => void;
  readonly lookEveryMs?: number;
  readonly longestMs?: number;
}

const LOOK_EVERY_MS = 250;
const LONGEST_MS = 30_000;
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 4 };

/**
 * Watches the event loop from another thread, which can tell and end the process while the loop stands still. It counts
 * its own looks and not the time: where the whole process stood, stopped or in a machine that slept, it stood as well.
 */
export function startWatchdog({
  onFault,
  lookEveryMs = LOOK_EVERY_MS,
  longestMs = LONGEST_MS,
}: WatchdogOptions): Watchdog {
  const shared = new SharedArrayBuffer(8);
  const places = new Int32Array(shared);
  const workerData: WatchdogThread = { shared, lookEveryMs, longestMs };
  const entry = new URL('./watchdog-thread.ts', import.meta.url);
  const worker = new Worker(entry, { workerData, name: 'watchdog', resourceLimits: RESOURCE_LIMITS });
  worker.on('error', onFault);
  worker.unref();
  const beat = setInterval(() => Atomics.add(places, PLACES.beat, 1), lookEveryMs).unref();
  return {
    begun: new Promise((resolve) => worker.once('message', resolve)),
    worstMs: () => Atomics.load(places, PLACES.worstMs),
    close: async () => {
      clearInterval(beat);
      await worker.terminate();
    },
  };
}
