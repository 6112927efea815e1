import { type ClockGuard, createClockGuard, LOOK_EVERY_MS } from './lib/guarded-clock.ts';
import type { Log } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';

/** The embedded store's clock, looked after: whoever sets the system's is told of, and moves nobody's end. */
export function watchClock(log: Log, metrics: Pick<Metrics, 'clockJumped' | 'clockTrusted'>): ClockGuard {
  const guard = createClockGuard();
  let before = guard.state();
  const look = (): void => {
    const byMs = guard.look();
    const state = guard.state();
    if (byMs !== undefined) {
      metrics.clockJumped();
      log.error({ byMs }, 'The clock of the system was set. What ends by the clock waits for a minute.');
    }
    if (state !== before && state === 'behind') {
      log.error(
        'The clock of the system stands before what was written already: it was set back while the server was off. ' +
          'What ends by it ends late. Put it right, and start the server again; if it is right, start it again as it is.',
      );
    }
    if (state !== before && state === 'off') {
      log.error(
        'The new time of the system is not believed: the old one goes on. If it is right, start the server again.',
      );
    }
    if (state !== before && state === 'sure') log.warn('The clock of the system is believed again.');
    metrics.clockTrusted(state === 'sure');
    before = state;
  };
  metrics.clockTrusted(true);
  setInterval(look, LOOK_EVERY_MS).unref();
  return guard;
}
