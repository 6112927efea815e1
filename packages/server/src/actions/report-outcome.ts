import { RESULT_CODES, type ResultInfo } from '@interdict/contract';
import { toDateTime } from '../lib/date-time.ts';
import { queries } from '../store/queries.ts';
import { type ActionRow, type EnforcementRow, LANES } from '../store/rows.ts';
import { all, first, must, type UnitContext, type Work } from '../store/work.ts';
import { endHold, writeChange } from './holds.ts';
import { journalEntry, type Origin } from './journal.ts';
import type { Report } from './update-input.ts';

/** What is known of the provider of an action, for a report about it. */
export interface ReportedProvider {
  /** The caller may speak for it. */
  readonly isReporter: boolean;
  readonly probes: boolean;
}

/** Nobody asks any more what became of its apply; a call under way is settled by whoever makes it. */
function atRest(ledger: EnforcementRow): Partial<EnforcementRow> {
  const wasSent = ledger.operation === 'apply' && ledger.attempt > 0;
  if (ledger.lease_owner !== null || !wasSent) return {};
  return {
    told_until: ledger.told_until ?? ledger.wanted_until,
    operation: null,
    operation_id: null,
    attempt: 0,
    operation_at: null,
    stalls: 0,
    lane: LANES.verify,
    due_at: null,
  };
}

/** The word of an application that speaks for the provider: every action on the effect that waited is Completed. */
function* completeReported(u: UnitContext, ledger: EnforcementRow, origin: Origin): Work<void> {
  const verifiedAt = toDateTime(u.now);
  const known = {
    known: 'inForce',
    answered_pending: 0,
    looked: 1,
    level: 'reported',
    verified_at: verifiedAt,
  } as const;
  yield* must(queries.saveEnforcement({ ...ledger, ...atRest(ledger), ...known, disproved: 0 }));
  const by = { appId: origin.appId, user: origin.user };
  for (const row of yield* all(queries.actionsOn({ enforcement_id: ledger.id }))) {
    if (row.hold !== 'active' || row.status !== 'Running') continue;
    const seen = { verification: 'reported', verifiedAt, preexisting: ledger.preexisting === 1 } as const;
    const change = { ...seen, status: 'Completed', state: 'inForce', by, row: { end_at: row.hold_until } } as const;
    yield* writeChange(u, row, change, 'securityAction.completed', { verification: 'reported', report: true }, origin);
  }
}

/** What a look can show is looked at; the report itself proves nothing there. */
function* lookNow(u: UnitContext, ledger: EnforcementRow): Work<void> {
  const wasSent = ledger.operation === 'apply' && ledger.attempt > 0;
  if (ledger.lease_owner !== null || !wasSent) return;
  yield* must(queries.saveEnforcement({ ...ledger, lane: LANES.verify, due_at: u.now }));
  u.due(u.now);
}

function failedAs({ errorInfo }: Report): ResultInfo {
  const { message, subcode = 0 } = errorInfo ?? {};
  const said = message ?? 'Reported as failed by an application that speaks for the provider.';
  return { code: RESULT_CODES.refusedByProvider, message: said, subcode };
}

/**
 * Carries out what an application says that speaks for the provider of a Running action.
 * @returns the ledger row whose effect is to be taken back now, if any
 */
export function* reportOutcome(
  u: UnitContext,
  row: ActionRow,
  report: Report,
  { probes }: ReportedProvider,
  origin: Origin,
): Work<string | undefined> {
  const ledger = yield* first(queries.enforcementById({ id: row.enforcement_id ?? '' }));
  if (!ledger) throw new Error(`Action ${row.id} is Running and holds no effect.`);
  if (report.status === 'Completed') {
    if (!probes) yield* completeReported(u, ledger, origin);
    else {
      u.journal(journalEntry('securityAction.updated', row.id, null, { report: 'Completed' }, origin));
      yield* lookNow(u, ledger);
    }
    return undefined;
  }
  const result = failedAs(report);
  const by = { appId: origin.appId, user: origin.user };
  const isToGo = yield* endHold(u, row, {
    ending: { result, by },
    reachable: true,
    type: 'securityAction.failed',
    details: { result, report: true },
    origin,
  });
  return isToGo ? ledger.id : undefined;
}
