import type { Entity } from '../actions/entity.ts';
import { pausedMs } from '../actions/pauses.ts';
import { fromDateTime } from '../lib/date-time.ts';
import { queries } from '../store/queries.ts';
import type { ActionRow } from '../store/rows.ts';
import { all, must, type UnitContext, type Work } from '../store/work.ts';

/** How soon a deadline is looked at again that comes while the pause still lasts. */
const AGAIN_MS = 30_000;

/** From when its deadline counts. */
const mayStartAt = (row: ActionRow): number => {
  const { createdDateTime, enforcement } = JSON.parse(row.entity) as Entity;
  return fromDateTime(enforcement.scheduledDateTime ?? createdDateTime);
};

/**
 * Time in which the dispatch was paused does not count towards a deadline. It is reckoned here, when the deadline comes:
 * neither a stop nor its end writes to the actions that wait.
 *
 * @returns true where the action has time left: it is looked at again then
 */
export function* moveDeadline(u: UnitContext, row: ActionRow): Work<boolean> {
  if (row.deadline_at === null || row.deadline_at > u.now) return false;
  if (row.hold_until !== null && row.hold_until <= u.now) return false;
  const since = mayStartAt(row);
  const pauses = yield* all(queries.pausesSince({ provider: row.provider ?? '', since }));
  const deadline = row.deadline_at + pausedMs(pauses, since, u.now);
  const isPaused = pauses.some(({ until }) => until === null);
  if (deadline <= u.now) return false;
  const next = isPaused ? Math.max(deadline, u.now + AGAIN_MS) : deadline;
  const end_at = Math.min(next, row.hold_until ?? next);
  yield* must(queries.moveEnd({ id: row.id, version: row.version, end_at }));
  u.due(end_at);
  return true;
}
