import { note, type World } from '../world.ts';

/** What a promise of time may be late by, where nothing hindered it. */
const LATE_MS = 60_000;

const PAUSED = 'select distinct tenant_id from dispatch_pause where until is null';

/** Time stopped does not count. */
function putOff({ database, history, time, deadlineMs }: World): void {
  const paused = new Set(
    database
      .prepare(PAUSED)
      .all()
      .map(({ tenant_id }) => tenant_id),
  );
  if (paused.size === 0) return;
  for (const [id, by] of history.open)
    if (paused.has(history.actions.get(id)?.tenantId ?? '')) history.open.set(id, Math.max(by, time.now + deadlineMs));
}

/** I10: nothing stays open beyond its deadline, but for as long as no process could see to it. */
export function checkTime(world: World): void {
  const { history, time, workers } = world;
  const isRunning = workers.some(({ life }) => life.state === 'runs');
  if (!isRunning) world.troubledAt = Math.max(world.troubledAt, time.now);
  putOff(world);
  for (const [id, by] of history.open) {
    if (time.now <= Math.max(by, world.troubledAt) + LATE_MS) continue;
    const seen = history.actions.get(id);
    note(
      world,
      `I10: ${id} is ${seen?.row.status}/${seen?.row.state} ${(time.now - by) / 1_000} s behind its deadline.`,
    );
    history.open.delete(id);
  }
}
