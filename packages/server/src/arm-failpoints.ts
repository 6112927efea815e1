import type { Config } from './config.ts';
import { armFailpoints } from './lib/failpoint.ts';
import type { Log } from './observe/log.ts';

/** Arms what the configuration names, in this thread; for tests, and never unnoticed. */
export function armConfigured({ failpoints }: Config, log: Log): void {
  if (failpoints.length === 0) return;
  const names = failpoints.map(({ name }) => name);
  log.warn({ failpoints: names }, 'INTERDICT_FAILPOINT is set: the process ends or halts at these points. For tests.');
  armFailpoints(failpoints);
}
