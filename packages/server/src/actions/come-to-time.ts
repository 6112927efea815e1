import { queries } from '../store/queries.ts';
import type { ActionRow } from '../store/rows.ts';
import { first, type UnitContext, type Work } from '../store/work.ts';
import { writeChange } from './holds.ts';

/**
 * The moment for which an action was scheduled has come, and it cannot start yet: from then on it waits like others.
 * @returns the action as it is then
 */
export function* comeToTime(u: UnitContext, id: string): Work<ActionRow | undefined> {
  const row = yield* first(queries.actionById({ id }));
  if (row?.state !== 'scheduled' || row.start_at === null || row.start_at > u.now) return row;
  yield* writeChange(u, row, { state: 'pending' }, 'securityAction.stateChanged', { scheduled: true });
  return yield* first(queries.actionById({ id }));
}
