import { providersOf } from './actions/provider.ts';
import type { AssembledProvider } from './assemble-providers.ts';
import type { DispatcherDeps } from './dispatch/dispatcher.ts';
import type { Log } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';

const ALARMS = {
  releaseFailed: 'A release did not succeed in time. It is tried on; until then the effect may be in force.',
  poisoned: 'The server died again and again while a call of this was under way. It is not made any more.',
} as const;

interface Telling {
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'poisoned' | 'releaseFailed'>;
  readonly providers: readonly AssembledProvider[];
}

/** What is told to people goes to the log and is counted. */
export const tellAlarms =
  ({ log, metrics, providers }: Telling): DispatcherDeps['onAlarms'] =>
  (tenantId, alarms) => {
    const mine = providersOf(
      providers.map(({ provider }) => provider),
      tenantId,
    );
    for (const { actionId, provider, target, kind } of alarms) {
      const key = mine.find(({ name }) => name === provider)?.key ?? provider;
      if (kind === 'poisoned') metrics.poisoned(key);
      else metrics.releaseFailed(key);
      log.warn({ tenantId, securityActionId: actionId, provider, target }, ALARMS[kind ?? 'releaseFailed']);
    }
  };
