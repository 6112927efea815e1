import { wait } from '../../lib/timers.ts';
import { type SweepDeps, sweepAll, sweepRecent, sweepTenant } from './sweep.ts';

/** Clears away, behind everything else, what no promise needs any more. */
export interface Retention {
  /** A tenant may have something that will be over soon. Costs the caller nothing. */
  note(tenantId: string): void;
  stop(): Promise<void>;
}

export interface RetentionDeps extends Omit<SweepDeps, 'signal'> {
  readonly onFault: (error: unknown) => void;
}

/** How often what lives for two minutes is looked at, and all else. */
const ROUND_MS = 5_000;
const SWEEP_MS = 3_600_000;

async function keepSweeping(deps: RetentionDeps & SweepDeps, noted: Set<string>): Promise<void> {
  const { signal, timers } = deps;
  const onFault = (error: unknown): void => {
    if (!signal.aborted) deps.onFault(error);
  };
  const note = async (tenantId: string): Promise<unknown> => noted.add(tenantId);
  let nextSweep = timers.monotonicMs() + ROUND_MS;
  // What an earlier process left, or another one.
  await sweepAll(deps, note, onFault).catch(onFault);
  while (!signal.aborted) {
    await wait(timers, ROUND_MS, signal);
    for (const tenantId of [...noted]) {
      if (signal.aborted) return;
      // What is noted from here on is looked after in the next round.
      noted.delete(tenantId);
      const isMore = await sweepRecent(deps, tenantId).catch((error: unknown) => {
        onFault(error);
        return true;
      });
      if (isMore) noted.add(tenantId);
    }
    if (timers.monotonicMs() < nextSweep) continue;
    await sweepAll(deps, (tenantId) => sweepTenant(deps, tenantId), onFault).catch(onFault);
    nextSweep = timers.monotonicMs() + SWEEP_MS;
  }
}

/** Any number of processes may do this over one database: a second one finds nothing left. */
export function startRetention(deps: RetentionDeps): Retention {
  const stopping = new AbortController();
  const noted = new Set<string>();
  const done = keepSweeping({ ...deps, signal: stopping.signal }, noted);
  return {
    note: (tenantId) => void noted.add(tenantId),
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}
