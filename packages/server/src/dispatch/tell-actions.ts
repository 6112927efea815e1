import type { ResultInfo, VerificationLevel } from '@interdict/contract';
import type { Entity } from '../actions/entity.ts';
import { endHolds, releaseEnded, writeChange } from '../actions/holds.ts';
import { fromDateTime } from '../lib/date-time.ts';
import { queries } from '../store/queries.ts';
import type { ActionRow, EnforcementRow } from '../store/rows.ts';
import { all, type UnitContext, type Work } from '../store/work.ts';
import type { Verdict } from './judgement.ts';

/** When the action began to hold: what was read before that does not speak for it. */
const heldSince = (row: ActionRow): number => fromDateTime((JSON.parse(row.entity) as Entity).lastActionDateTime ?? '');

/** The same for one that only waited for the look: since it was asked for, or its moment came. */
export function waitedSince(row: ActionRow): number {
  const { enforcement } = JSON.parse(row.entity) as Entity;
  const made = fromDateTime(row.created_at);
  return Math.max(made, fromDateTime(enforcement.scheduledDateTime ?? row.created_at));
}

export interface Told {
  readonly ledger: EnforcementRow;
  /** When the call was leased that brought the news. */
  readonly leasedAt: number;
  readonly probes: boolean;
  readonly since?: (row: ActionRow) => number;
  /** All actions on it, by their ids, where they were read already and none was changed since. */
  readonly onIt?: readonly ActionRow[] | undefined;
}

function* tellInForce(u: UnitContext, row: ActionRow, level: VerificationLevel, told: Told): Work<boolean> {
  const { ledger, leasedAt, probes, since = heldSince } = told;
  const seen = { verification: level, verifiedAt: ledger.verified_at, preexisting: ledger.preexisting === 1 };
  if (row.status === 'Running') {
    if (probes && since(row) > leasedAt) return false;
    // Its deadline is met: from here on only its end counts.
    const change = { ...seen, status: 'Completed', state: 'inForce', row: { end_at: row.hold_until } } as const;
    yield* writeChange(u, row, change, 'securityAction.completed', { verification: level });
  } else if (row.state === 'drifted') {
    yield* writeChange(u, row, { ...seen, state: 'inForce' }, 'securityAction.stateChanged', { putBack: true });
  }
  return true;
}

function* tellUnsure(u: UnitContext, row: ActionRow, ledger: EnforcementRow): Work<void> {
  const state = ledger.known === 'unknown' && ledger.answered_pending === 0 ? 'unknown' : 'pending';
  if (row.status !== 'Running' || row.state === state || ledger.known === 'inForce') return;
  yield* writeChange(u, row, { state }, 'securityAction.stateChanged', { message: ledger.last_message });
}

/** Where they are all who hold the effect, they end together: none may say that nothing is there before the release. */
function* tellFailed(u: UnitContext, holders: readonly ActionRow[], result: ResultInfo): Work<void> {
  const running = holders.filter(({ status }) => status === 'Running');
  const end = { ending: { result, by: null }, reachable: true, details: { result } } as const;
  yield* endHolds(u, running, { ...end, type: 'securityAction.failed' });
}

function* tellDrifted(u: UnitContext, row: ActionRow): Work<void> {
  if (row.state !== 'inForce') return;
  yield* writeChange(u, row, { state: 'drifted' }, 'securityAction.stateChanged', { drift: true });
}

type ToldVerdict = Exclude<Verdict, { kind: 'nothing' | 'looked' | 'gone' | 'refused' | 'failed' }>;

/** @returns false where the action waits for a look of its own */
function* tellOne(u: UnitContext, row: ActionRow, verdict: ToldVerdict, told: Told): Work<boolean> {
  switch (verdict.kind) {
    case 'inForce':
      return yield* tellInForce(u, row, verdict.level, told);
    case 'unsure':
      yield* tellUnsure(u, row, told.ledger);
      return true;
    case 'drifted':
      yield* tellDrifted(u, row);
      return true;
  }
}

/**
 * Tells every action on an effect what became of it. The ledger row is saved beside it.
 * @returns true where an action waits for a look of its own
 */
export function* tellActions(u: UnitContext, verdict: Verdict, told: Told): Work<boolean> {
  if (verdict.kind === 'nothing' || verdict.kind === 'looked') return false;
  if (verdict.kind === 'gone') {
    yield* releaseEnded(u, told.ledger);
    return false;
  }
  const onIt = told.onIt ?? (yield* all(queries.actionsOn({ enforcement_id: told.ledger.id })));
  const holders = onIt.filter(({ hold }) => hold === 'active');
  if (verdict.kind === 'refused' || verdict.kind === 'failed') {
    yield* tellFailed(u, holders, verdict.result);
    return false;
  }
  let allSeen = true;
  for (const row of holders) allSeen = (yield* tellOne(u, row, verdict, told)) && allSeen;
  return !allSeen;
}

/** An action that is over before a call was ever made for it. */
export function* failUnsent(u: UnitContext, row: ActionRow, result: ResultInfo): Work<void> {
  const idle = { enforcement_id: null, hold: 'none', start_at: null, end_at: null } as const;
  const failed = { status: 'Failed', state: 'none', errorInfo: result, row: idle } as const;
  yield* writeChange(u, row, failed, 'securityAction.failed', { result });
}
