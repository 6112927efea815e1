import { RESULT_CODES } from '@interdict/contract';
import { queries } from '../store/queries.ts';
import { type ActionRow, type Ending, LANES } from '../store/rows.ts';
import { type Alarm, first, must, type UnitContext, unit, type Work } from '../store/work.ts';
import { endHold, writeChange } from './holds.ts';
import { journalEntry, type Origin } from './journal.ts';
import { haltAt, readPauses } from './pauses.ts';

export interface Cancel {
  readonly id: string;
  readonly reason: string | null;
  readonly origin: Origin;
  /** Providers of the configuration, and which of their actions nothing takes back. */
  readonly providers: Readonly<Record<string, { readonly irreversible: readonly string[] }>>;
}

/** `changed` names the ledger row that nobody wants any more, if it is to be released now; `nothing`: it was over already. */
export type CancelOutcome =
  | { readonly kind: 'changed'; readonly enforcementId?: string; readonly alarms?: readonly Alarm[] }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'notCancellable'; readonly why: 'record' | 'irreversible' };

function cancelled({ origin, reason }: Cancel): Ending {
  const who = origin.user ?? `application ${origin.appId}`;
  const message = `Cancelled by ${who}${reason === null ? '.' : `: ${reason}`}`;
  return {
    result: { code: RESULT_CODES.cancelled, message, subcode: 0 },
    by: { appId: origin.appId, user: origin.user },
  };
}

/** No call was ever made for it: it ends here. */
function* cancelBeforeStart(u: UnitContext, row: ActionRow, cancel: Cancel): Work<CancelOutcome> {
  const { result, by } = cancelled(cancel);
  const idle = { enforcement_id: null, hold: 'none', start_at: null, end_at: null } as const;
  const failed = { status: 'Failed', state: 'none', errorInfo: result, by, row: idle } as const;
  yield* writeChange(u, row, failed, 'securityAction.cancelRequested', { reason: cancel.reason }, cancel.origin);
  return { kind: 'changed' };
}

function* cancelHold(u: UnitContext, row: ActionRow, cancel: Cancel): Work<CancelOutcome> {
  const isLast = yield* endHold(u, row, {
    ending: row.status === 'Running' ? cancelled(cancel) : null,
    reachable: row.provider !== null && row.provider in cancel.providers,
    type: 'securityAction.cancelRequested',
    details: { reason: cancel.reason },
    origin: cancel.origin,
  });
  const isToGo = isLast && row.enforcement_id !== null;
  return { kind: 'changed', alarms: u.alarms, ...(isToGo && { enforcementId: row.enforcement_id }) };
}

/** Whether its release, wished before a quarantine began, waits for the end of that. */
function* waitsForQuarantine(row: ActionRow): Work<boolean> {
  if (row.state !== 'releasing') return false;
  const halt = haltAt(yield* readPauses(), row.provider ?? '');
  if (!halt.holdsEnds) return false;
  const ledger = yield* first(queries.enforcementById({ id: row.enforcement_id ?? '' }));
  return ledger?.release_wished_at != null && ledger.release_wished_at <= halt.releasesAfter;
}

/** A release that was given up, or waits, is tried now: it is wished anew. */
function* releaseAgain(u: UnitContext, row: ActionRow, cancel: Cancel): Work<CancelOutcome> {
  const ledger = yield* first(queries.enforcementById({ id: row.enforcement_id ?? '' }));
  u.journal(journalEntry('securityAction.cancelRequested', row.id, null, { reason: cancel.reason }, cancel.origin));
  if (ledger) {
    const wished = { ...ledger, release_wished_at: u.now };
    const isFree = ledger.lease_owner === null;
    yield* must(queries.saveEnforcement(isFree ? { ...wished, lane: LANES.release, due_at: u.now } : wished));
    u.due(u.now);
  }
  return { kind: 'changed' };
}

const isIrreversible = (row: ActionRow, cancel: Cancel): boolean =>
  cancel.providers[row.provider ?? '']?.irreversible.includes(row.action ?? '') ?? false;

/**
 * Writes the wish down. It is not yet the release: an action never reads as cancelled or released before it is.
 * A second cancel of the same action changes nothing.
 */
export const cancelAction = unit('actions.cancel', function* (u, cancel: Cancel) {
  const row = yield* first(queries.actionById({ id: cancel.id }));
  if (!row) return { kind: 'unknown' } as CancelOutcome;
  if (row.provider === null) return { kind: 'notCancellable', why: 'record' } as CancelOutcome;
  if (row.status === 'NotStarted') return yield* cancelBeforeStart(u, row, cancel);
  if (row.hold === 'active') {
    if (isIrreversible(row, cancel)) return { kind: 'notCancellable', why: 'irreversible' } as CancelOutcome;
    return yield* cancelHold(u, row, cancel);
  }
  if (row.state === 'releaseFailed' || (yield* waitsForQuarantine(row))) return yield* releaseAgain(u, row, cancel);
  return { kind: 'nothing' } as CancelOutcome;
});
