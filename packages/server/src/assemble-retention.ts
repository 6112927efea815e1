import { type Retention, startRetention } from './actions/retention/run-retention.ts';
import type { Config } from './config.ts';
import { systemTimers } from './lib/timers.ts';
import type { Log } from './observe/log.ts';
import type { Store } from './store/store.ts';

interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly store: Store;
}

const DAY_MS = 86_400_000;
const PAUSES_MS = 30 * DAY_MS;

/** A pause moves the deadlines of what waited meanwhile; a day more is for those who look late. */
const pausesMs = ({ providers }: Config): number =>
  Math.max(PAUSES_MS, ...providers.map(({ deadlineMs }) => deadlineMs + DAY_MS));

export function assembleRetention({ config, log, store }: Parts): Retention {
  return startRetention({
    store,
    clock: store.clock,
    timers: systemTimers,
    finalActionsMs: config.finalActionsMs,
    pausesMs: pausesMs(config),
    onFault: (error) => log.error({ err: error }, 'What is over could not be cleared away; it is tried again.'),
  });
}
