import type { Log } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';
import { startWatchdog } from './observe/watchdog.ts';

/** A load balancer sends requests elsewhere while this process cannot keep up. */
const STALLED_MS = 2_000;

export interface LoopWatch {
  /** @throws {Error} where the event loop stood still for two seconds within the last ten */
  check(): void;
  close(): Promise<void>;
}

/** The event loop, looked after: a process that hangs for half a minute ends, so that it can be started again. */
export function watchLoop(log: Log, metrics: Pick<Metrics, 'watchLoop'>): LoopWatch {
  const onFault = (error: unknown): void => log.error({ err: error }, 'Nothing watches the event loop any more.');
  const watchdog = startWatchdog({ onFault });
  metrics.watchLoop(watchdog.worstMs);
  return {
    check: () => {
      const ms = watchdog.worstMs();
      if (ms > STALLED_MS) throw new Error(`The event loop stood still for ${ms} ms.`);
    },
    close: watchdog.close,
  };
}
