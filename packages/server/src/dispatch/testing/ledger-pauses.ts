import { resumeDispatch, stopDispatch } from '../../actions/dispatch-units.ts';
import { queries } from '../../store/queries.ts';
import type { DispatchPauseRow, EnforcementRow } from '../../store/rows.ts';
import { anId } from '../../store/testing/an-action-row.ts';
import { addPause } from '../../store/testing/test-units.ts';
import type { LeasedCall } from '../call-result.ts';
import type { MemoryStore } from './memory-store.ts';

const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };

interface Paused {
  readonly store: MemoryStore;
  readonly clock: { readonly time: number };
  readonly random: () => number;
  readonly say: (text: string) => void;
}

const lasting = ({ store }: Paused): readonly DispatchPauseRow[] => store.read(queries.lastingPauses({}));

/** A pause that begins now. */
export const aPause = ({ clock }: Pick<Paused, 'clock'>, of: Partial<DispatchPauseRow>): DispatchPauseRow => ({
  id: anId(),
  provider: '',
  kind: 'stopped',
  reason: 'A drill.',
  app_id: 'interdict',
  user_name: null,
  since: clock.time,
  until: null,
  ...of,
});

/** Ends whatever is stopped or restored. */
export function resumeAll(world: Paused): void {
  for (const { provider } of lasting(world)) {
    world.store.run(resumeDispatch, { provider, reason: 'Enough.', origin: ORIGIN });
    world.say(`resume ${provider}`);
  }
}

/** Somebody stops the dispatch, or resumes it; or it comes out of a backup. */
export function pauseOrResume(world: Paused): void {
  if (lasting(world).length > 0 && world.random() < 0.7) {
    resumeAll(world);
    return;
  }
  const provider = world.random() < 0.5 ? '' : 'edge';
  if (world.random() < 0.5) {
    world.store.run(stopDispatch, { provider, reason: 'Enough.', origin: ORIGIN });
    world.say(`stop ${provider}`);
    return;
  }
  if (lasting(world).some((pause) => pause.provider === provider && pause.kind === 'restored')) return;
  world.store.run(addPause, aPause(world, { provider, kind: 'restored' }));
  world.say(`restored ${provider}`);
}

/** What must hold of every intent: it is written before its call is sent. */
export function checkPauses(world: Paused, { kind }: LeasedCall, row: EnforcementRow): void {
  const pauses = lasting(world);
  if (pauses.length > 0 && (kind === 'apply' || kind === 'look')) throw new Error(`A ${kind} while it is stopped.`);
  const since = Math.max(...pauses.filter((pause) => pause.kind === 'restored').map((pause) => pause.since));
  if (kind === 'release' && (row.release_wished_at ?? 0) <= since) throw new Error('A release in a quarantine.');
}
