import { fromDateTime, parseDateTime } from '../../lib/date-time.ts';
import { inLane } from '../../lib/step-lane.ts';
import { queries } from '../../store/queries.ts';
import { toEvents } from './change-events.ts';
import { type ChangeHub, type ChangeHubs, type Follower, readOn } from './change-hubs.ts';
import { type ChangeStep, LARGEST_STEP, LOST, readChanges, STREAM_STEP_TEXT } from './read-changes.ts';

/** Whoever was away for longer begins anew. */
const WINDOW_MS = 7 * 86_400_000;

/** Somebody who was told everything up to a sequence. */
export interface Latecomer extends Follower {
  /** Resolves when what was told has gone out; false where nobody is there any more. */
  canTakeMore(): Promise<boolean>;
  /** From now on it is told what all are told. */
  onLive(): void;
}

function goLive(hub: ChangeHub, follower: Latecomer): void {
  hub.live.add(follower);
  follower.onLive();
}

function resync(hub: ChangeHub, follower: Latecomer): void {
  follower.onResync(hub.position);
  goLive(hub, follower);
}

function isTooOld({ entries }: ChangeStep, now: number): boolean {
  const written = entries[0] && parseDateTime(entries[0].written_at);
  return written !== undefined && Date.parse(written) < now - WINDOW_MS;
}

/**
 * A sequence says nothing of when it was told. Where the database was restored lately, and goes on from an earlier one,
 * those that were written since may have been told with other words before.
 */
async function mayBeOfAnotherPast({ store }: ChangeHubs, tenantId: string, after: number): Promise<boolean> {
  const lately = { provider: '', since: store.clock.now() - WINDOW_MS };
  const pauses = await store.read(tenantId, queries.pausesSince(lately));
  const restored = pauses.filter(({ kind, since }) => kind === 'restored' && since > lately.since);
  if (restored.length === 0 || after === 0) return false;
  const [entry] = await store.read(tenantId, queries.changesAfter({ sequence: after - 1, limit: 1 }));
  return entry !== undefined && restored.some(({ since }) => fromDateTime(entry.written_at) >= since);
}

/** Tells one step. @returns where it ends; undefined where what lies there is not known */
async function tellStep(
  hubs: ChangeHubs,
  hub: ChangeHub,
  follower: Latecomer,
  from: { readonly position: number; readonly isFirst: boolean },
): Promise<number | undefined> {
  const { position, isFirst } = from;
  const entries = Math.min(LARGEST_STEP, hub.position - position);
  const most = { entries, actions: LARGEST_STEP, text: STREAM_STEP_TEXT };
  const step = await readChanges(hubs.store, hub.tenantId, position, most);
  if (step === LOST || step.until === position) return undefined;
  if (isFirst && isTooOld(step, hubs.store.clock.now())) return undefined;
  follower.onBatch({ events: toEvents(step) });
  return step.until;
}

/**
 * Tells what lies between `after` and what the live ones were told, and makes the follower one of them, in one turn
 * of the event loop: nothing is missed and nothing told twice. Where that cannot be known any more: a resync.
 */
export async function catchUp(hubs: ChangeHubs, hub: ChangeHub, follower: Latecomer, after: number): Promise<void> {
  // It may have been told by another process, which was quicker.
  if (after > hub.position) await readOn(hubs, hub);
  if (after > hub.position) return resync(hub, follower);
  if (await mayBeOfAnotherPast(hubs, hub.tenantId, after)) return resync(hub, follower);
  let position = after;
  while (position < hub.position) {
    if (!(await follower.canTakeMore())) return;
    const from = { position, isFirst: position === after };
    const next = await inLane(hubs.lane, hub.tenantId, () => tellStep(hubs, hub, follower, from));
    if (next === undefined) return resync(hub, follower);
    position = next;
  }
  goLive(hub, follower);
}
