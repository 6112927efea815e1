import { note, type World } from '../world.ts';

/** What a promise of time may be late by, where nothing hindered it. */
const LATE_MS = 60_000;
/** A correction of the clock of more than fifteen minutes is not believed; two of them may follow each other. */
export const MOST_OFF_MS = 1_810_000;

/** Time stopped does not count. Behind every event, and before a stop ends: up to it hours may have passed at once. */
export function putOff({ history, storeNow, deadlineMs }: World): void {
  const { paused, quarantined } = history;
  if (paused.size === 0) return;
  const until = storeNow() + deadlineMs;
  for (const [id, by] of history.open)
    if (paused.has(history.actions.get(id)?.tenantId ?? '')) history.open.set(id, Math.max(by, until));
  for (const [id, by] of history.ends)
    if (quarantined.has(history.actions.get(id)?.tenantId ?? '')) history.ends.set(id, Math.max(by, storeNow()));
}

/** What nobody could see to in time is not late. */
function noteTrouble(world: World): void {
  const isRunning = world.workers.some(({ life }) => life.state === 'runs' && !life.isStopping);
  if (!isRunning || world.clock.isInDoubt()) world.troubledAt = Math.max(world.troubledAt, world.time.now);
}

/** I10: nothing stays open beyond its deadline or in force beyond its end, but while no process could see to it. */
export function checkTime(world: World): void {
  const { history, time, storeNow } = world;
  noteTrouble(world);
  putOff(world);
  if (time.now <= world.troubledAt + LATE_MS) return;
  const now = Math.max(storeNow(), time.now - MOST_OFF_MS) - LATE_MS;
  for (const [id, by] of history.open) {
    if (now <= by) continue;
    const seen = history.actions.get(id);
    note(world, `I10: ${id} is ${seen?.row.status}/${seen?.row.state} ${(now - by) / 1_000} s behind its deadline.`);
    history.open.delete(id);
  }
  for (const [id, by] of history.ends) {
    if (now <= by) continue;
    note(world, `I10: ${id} is held ${(now - by) / 1_000} s behind its end.`);
    history.ends.delete(id);
  }
}
