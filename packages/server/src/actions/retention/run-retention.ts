import { wait } from '../../lib/timers.ts';
import { type SweepDeps, sweepAll, sweepTenant } from './sweep.ts';

/** Clears away, behind everything else, what no promise needs any more. */
export interface Retention {
  stop(): Promise<void>;
}

export interface RetentionDeps extends Omit<SweepDeps, 'signal'> {
  readonly onFault: (error: unknown) => void;
}

/** Behind the start, which has enough to do. */
const FIRST_MS = 5_000;
const SWEEP_MS = 3_600_000;

async function keepSweeping(deps: RetentionDeps & SweepDeps): Promise<void> {
  const { signal, timers } = deps;
  const onFault = (error: unknown): void => {
    if (!signal.aborted) deps.onFault(error);
  };
  await wait(timers, FIRST_MS, signal);
  while (!signal.aborted) {
    await sweepAll(deps, (tenantId) => sweepTenant(deps, tenantId), onFault).catch(onFault);
    await wait(timers, SWEEP_MS, signal);
  }
}

/** Any number of processes may do this over one database: a second one finds nothing left. */
export function startRetention(deps: RetentionDeps): Retention {
  const stopping = new AbortController();
  const done = keepSweeping({ ...deps, signal: stopping.signal });
  return {
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}
