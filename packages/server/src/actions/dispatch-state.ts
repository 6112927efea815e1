import type { DispatchPause } from '@interdict/contract';
import { toDateTime } from '../lib/date-time.ts';
import { queries } from '../store/queries.ts';
import type { DispatchPauseRow, PauseKind } from '../store/rows.ts';
import type { ActionsDeps, Asking } from './actions-deps.ts';
import { runAgain } from './after-unknown.ts';
import { findProvider } from './choose-provider.ts';
import { type DispatchChange, resumeDispatch, stopDispatch } from './dispatch-units.ts';
import { originOf } from './journal.ts';
import { providersOf } from './provider.ts';

/** What a stop or a resume says: null means all providers. */
export interface DispatchWish {
  readonly provider: string | null;
  readonly reason: string;
}

const STATES: Readonly<Record<PauseKind, DispatchPause['state']>> = { stopped: 'stopped', restored: 'quarantined' };

const toPause = ({ provider, kind, reason, since, app_id, user_name }: DispatchPauseRow): DispatchPause => ({
  provider: provider || null,
  state: STATES[kind],
  reason,
  since: toDateTime(since),
  by: { appId: app_id, user: user_name },
});

const lasting = ({ store }: ActionsDeps, tenantId: string): Promise<readonly DispatchPauseRow[]> =>
  store.read(tenantId, queries.lastingPauses({}));

/** What is stopped or quarantined for a tenant. */
export const listPauses = async (deps: ActionsDeps, tenantId: string): Promise<readonly DispatchPause[]> =>
  (await lasting(deps, tenantId)).map(toPause);

/** What it is called here. A provider that left the configuration while it was stopped can still be named. */
function nameOf(
  deps: ActionsDeps,
  tenantId: string,
  wanted: string | null,
  paused: readonly DispatchPauseRow[],
): string {
  if (wanted === null) return '';
  const left = paused.find(({ provider }) => provider !== '' && provider.toLowerCase() === wanted.toLowerCase());
  return left?.provider ?? findProvider(providersOf(deps.providers, tenantId), wanted, 'provider').name;
}

/**
 * Stops the dispatch of a tenant, at a provider or everywhere. Twice is as good as once.
 * @throws {Refusal} unknownProvider
 */
export async function stop(deps: ActionsDeps, asking: Asking, { provider, reason }: DispatchWish): Promise<void> {
  const { tenantId } = asking;
  const change: DispatchChange = { provider: nameOf(deps, tenantId, provider, []), reason, origin: originOf(asking) };
  const run = (): Promise<boolean> => deps.store.run(tenantId, stopDispatch, change, { urgent: true });
  await runAgain(deps.timers, run, 'the dispatch was stopped');
}

/**
 * Ends a stop, and a quarantine, of that provider or of all.
 * @throws {Refusal} unknownProvider
 */
export async function resume(deps: ActionsDeps, asking: Asking, { provider, reason }: DispatchWish): Promise<void> {
  const { tenantId } = asking;
  const name = nameOf(deps, tenantId, provider, await lasting(deps, tenantId));
  const change: DispatchChange = { provider: name, reason, origin: originOf(asking) };
  const run = (): Promise<boolean> => deps.store.run(tenantId, resumeDispatch, change, { urgent: true });
  const { outcome } = await runAgain(deps.timers, run, 'the dispatch was resumed');
  if (outcome) deps.onEnded(tenantId);
}
