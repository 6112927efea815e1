import type { Retention } from './actions/retention/run-retention.ts';
import type { Readiness } from './assemble-app.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { stopDispatcher } from './dispatch/run-dispatcher.ts';
import type { Listening } from './http/listen.ts';
import { endStreams } from './http/stream/streams.ts';
import { failpoint } from './lib/failpoint.ts';
import { isDoneWithin } from './lib/timers.ts';
import type { Deliverer } from './notify/deliverer.ts';
import { stopDeliverer } from './notify/run-deliverer.ts';
import type { Log } from './observe/log.ts';
import type { Parts } from './open-parts.ts';

/** A server that works. */
export interface Running {
  readonly parts: Parts;
  readonly dispatcher: Dispatcher;
  readonly deliverer: Deliverer;
  readonly retention: Retention;
  readonly listening: Listening;
  readonly readiness: Readiness;
}

/**
 * From the signal on. Requests and calls end by themselves until the first; what was broken off then is written down
 * until the second; the third is the end, whatever hangs.
 */
export const DRAINED_WITHIN_MS = 6_000;
export const HANDED_BACK_WITHIN_MS = 8_300;
const CLOSED_WITHIN_MS = 9_300;

async function answerAll({ listening }: Running): Promise<void> {
  await listening.close(DRAINED_WITHIN_MS);
  failpoint('stop.answered');
}

async function callAll({ dispatcher }: Running): Promise<void> {
  await stopDispatcher(dispatcher, DRAINED_WITHIN_MS);
  failpoint('stop.drained');
}

/**
 * Takes nothing new, finishes what is under way, and leaves the rest in the store, free for others. All at once: a
 * request that takes long and a call that hangs have the same seconds.
 */
async function stop(running: Running, log: Log): Promise<void> {
  const { parts, deliverer, retention, readiness } = running;
  const beganAt = performance.now();
  const left = (withinMs: number): number => Math.max(0, withinMs - (performance.now() - beganAt));
  readiness.isReady = false;
  failpoint('stop.begun');
  endStreams(parts.streams);
  const ends = [answerAll(running), callAll(running), stopDeliverer(deliverer), parts.indexer.stop(), retention.stop()];
  if (!(await isDoneWithin(left(HANDED_BACK_WITHIN_MS), Promise.all(ends)))) {
    log.warn('Not all that was under way could be written down in time. It goes on elsewhere, or at the next start.');
  }
  parts.protection.close();
  parts.identity.close();
  const closed = Promise.all([parts.store.close(), parts.loop.close()]);
  if (!(await isDoneWithin(left(CLOSED_WITHIN_MS), closed))) {
    log.warn('The store could not be closed in time. Nothing is lost: what was answered is stored.');
  }
}

/** Ctrl-C comes twice: from the terminal, and from what started the server. */
const SAME_SIGNAL_MS = 500;

/** Stops at the first signal, within 10 s and with code 0. A second one ends the process at once, with code 1. */
export function stopOnSignal(running: Running, log: Log): void {
  let since: number | undefined;
  const onSignal = (): void => {
    if (since !== undefined) {
      if (performance.now() - since > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    since = performance.now();
    stop(running, log).then(
      () => {
        console.log('closed');
        process.exit(0);
      },
      (error: unknown) => {
        log.error({ err: error }, 'The server could not stop in order.');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}
