import { RESULT_CODES, type ResultInfo } from '@interdict/contract';
import { endHold, isClear, writeChange } from '../actions/holds.ts';
import { haltAt, type Pauses } from '../actions/pauses.ts';
import { queries } from '../store/queries.ts';
import type { ActionRow, EnforcementRow } from '../store/rows.ts';
import { first, type UnitContext, type Work } from '../store/work.ts';
import { moveDeadline } from './move-deadline.ts';
import { failUnsent } from './tell-actions.ts';

const because = (ledger: EnforcementRow | undefined): string =>
  ledger?.last_message ? ` The last word from there: ${ledger.last_message}` : '';

function notSent(row: ActionRow, now: number): ResultInfo {
  if (row.hold_until !== null && row.hold_until <= now) {
    const message = 'Its end came before it could start. Nothing was sent.';
    return { code: RESULT_CODES.expiredBeforeStart, message, subcode: 0 };
  }
  const message = `Provider "${row.provider}" could not take it before its deadline. Nothing was sent.`;
  return { code: RESULT_CODES.providerUnavailable, message, subcode: 0 };
}

/** Every attempt was refused or unanswered in a way that leaves nothing behind. */
function unavailable(row: ActionRow, ledger: EnforcementRow): ResultInfo {
  const left =
    ledger.preexisting === 1 ? 'What was in force before this action was not touched.' : 'Nothing is in force.';
  const message = `Provider "${row.provider}" was unavailable until the end. ${left}${because(ledger)}`;
  return { code: RESULT_CODES.providerUnavailable, message, subcode: ledger.last_subcode };
}

function unresolved(row: ActionRow, ledger: EnforcementRow): ResultInfo {
  const message =
    `Whether provider "${row.provider}" carried it out could not be found out in time. ` +
    `It is released at its end, or by a cancel.${because(ledger)}`;
  return { code: RESULT_CODES.unresolved, message, subcode: ledger.last_subcode };
}

function* endRunning(u: UnitContext, row: ActionRow, ledger: EnforcementRow, reachable: boolean): Work<void> {
  const details = { deadline: true };
  // Where nothing landed so far, a release makes sure of it: that too ends as "unavailable".
  if (isClear(ledger) || ledger.answered_pending === 2) {
    const ending = { result: unavailable(row, ledger), by: null };
    yield* endHold(u, row, { ending, reachable, type: 'securityAction.failed', details });
    return;
  }
  const errorInfo = unresolved(row, ledger);
  if (row.hold_until !== null && row.hold_until <= u.now) {
    const failsNow = { status: 'Failed', errorInfo } as const;
    const ending = { result: errorInfo, by: null };
    yield* endHold(u, row, { ending, failsNow, reachable, type: 'securityAction.failed', details });
    return;
  }
  const failed = { status: 'Failed', state: 'unknown', errorInfo, row: { end_at: row.hold_until } } as const;
  yield* writeChange(u, row, failed, 'securityAction.failed', { ...details, result: errorInfo });
}

/** In a quarantine what is held stays so, and a deadline that has time left is moved. */
function* mustWait(u: UnitContext, row: ActionRow, pauses: Pauses): Work<boolean> {
  if (row.hold === 'active' && haltAt(pauses, row.provider ?? '').holdsEnds) return true;
  const isOpen = row.status === 'NotStarted' || row.status === 'Running';
  return isOpen && (yield* moveDeadline(u, row));
}

export interface EndingTerms {
  /** Those that last. */
  readonly pauses: Pauses;
  /** Its provider is in the configuration. */
  readonly isReachable: (provider: string) => boolean;
}

/**
 * An action whose end or deadline has come: by the server's own record, whatever the product does by itself.
 * @returns false where it has not, or must wait
 */
export function* endAction(u: UnitContext, id: string, { pauses, isReachable }: EndingTerms): Work<boolean> {
  const row = yield* first(queries.actionById({ id }));
  if (!row || row.end_at === null || row.end_at > u.now || (yield* mustWait(u, row, pauses))) return false;
  if (row.status === 'NotStarted') {
    yield* failUnsent(u, row, notSent(row, u.now));
    return true;
  }
  const ledger = yield* first(queries.enforcementById({ id: row.enforcement_id ?? '' }));
  if (!ledger || row.hold !== 'active') throw new Error(`Action ${id} has an end and holds nothing.`);
  const reachable = isReachable(row.provider ?? '');
  if (row.status === 'Running') yield* endRunning(u, row, ledger, reachable);
  else yield* endHold(u, row, { ending: null, reachable, type: 'securityAction.expired', details: {} });
  return true;
}
