import { parseDateTime } from '../../lib/date-time.ts';
import { toEvents } from './change-events.ts';
import { type ChangeHub, type ChangeHubs, type Follower, readOn } from './change-hubs.ts';
import { type ChangeStep, LARGEST_STEP, LOST, readChanges } from './read-changes.ts';

/** Whoever was away for longer begins anew. */
const WINDOW_MS = 7 * 86_400_000;

/** Somebody who was told everything up to a sequence. */
export interface Latecomer extends Follower {
  /** Resolves when what was told has gone out; false where nobody is there any more. */
  canTakeMore(): Promise<boolean>;
}

function goLive(hub: ChangeHub, follower: Latecomer): void {
  hub.live.add(follower);
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
 * Tells what lies between `after` and what the live ones were told, and makes the follower one of them, in one turn
 * of the event loop: nothing is missed and nothing told twice. Where that cannot be known any more: a resync.
 */
export async function catchUp(hubs: ChangeHubs, hub: ChangeHub, follower: Latecomer, after: number): Promise<void> {
  // It may have been told by another process, which was quicker.
  if (after > hub.position) await readOn(hubs, hub);
  if (after > hub.position) return resync(hub, follower);
  let position = after;
  while (position < hub.position) {
    const most = { entries: Math.min(LARGEST_STEP, hub.position - position), actions: LARGEST_STEP };
    const step = await readChanges(hubs.store, hub.tenantId, position, most);
    if (step === LOST || step.until === position) return resync(hub, follower);
    if (position === after && isTooOld(step, hubs.store.clock.now())) return resync(hub, follower);
    position = step.until;
    follower.onBatch({ events: toEvents(step) });
    if (!(await follower.canTakeMore())) return;
  }
  goLive(hub, follower);
}
