import { RESULT_CODES } from '@interdict/contract';
import { queries } from '../store/queries.ts';
import { type ActionRow, type Ending, type EnforcementRow, LANES, STANDING } from '../store/rows.ts';
import { all, first, must, type UnitContext, type Work } from '../store/work.ts';
import { type ActionChange, changeAction } from './change-action.ts';
import { closeEffect } from './close-effect.ts';
import { type JournalType, journalEntry, type Origin } from './journal.ts';

/** An action that holds nothing any more and waits for nothing. */
const LET_GO = { enforcement_id: null, hold: 'none', end_at: null, ending: null } as const;

/** Five indexes are not written again where nothing changes that they are made of. */
const isStandingAlone = (before: ActionRow, after: ActionRow): boolean =>
  (Object.keys(after) as (keyof ActionRow)[]).every(
    (column) => STANDING.has(column) || before[column] === after[column],
  );

/** Changes an action, and writes down that it did: the two are never apart. Returns the journal's sequence. */
export function* writeChange(
  u: UnitContext,
  before: ActionRow,
  change: ActionChange,
  type: JournalType,
  details: Readonly<Record<string, unknown>> = {},
  origin?: Origin,
): Work<number> {
  const after = changeAction(before, change, u.now);
  yield* must(isStandingAlone(before, after) ? queries.saveStanding(after) : queries.saveAction(after));
  if (after.end_at !== null) u.due(after.end_at);
  const told = { status: after.status, state: after.state, ...details };
  return u.journal(journalEntry(type, before.id, 'updated', told, origin));
}

export const endingOf = (row: ActionRow): Ending | undefined =>
  row.ending === null ? undefined : (JSON.parse(row.ending) as Ending);

/** Failures that say by `released` what became of an effect; all others say `none`. */
const WITH_RELEASE: readonly number[] = [RESULT_CODES.cancelled, RESULT_CODES.unresolved];

/** What an action becomes when its part in the effect is over. `others`: how many still hold it. */
function* letGo(u: UnitContext, row: ActionRow, ledger: EnforcementRow, others: number): Work<void> {
  const seen = { heldByOthers: others, preexisting: ledger.preexisting === 1, row: LET_GO };
  const ending = endingOf(row);
  if (row.status === 'Running' && ending) {
    const state = WITH_RELEASE.includes(ending.result.code) ? 'released' : 'none';
    const failed = { ...seen, status: 'Failed', state, errorInfo: ending.result, by: ending.by } as const;
    yield* writeChange(u, row, failed, 'securityAction.failed', { result: ending.result });
  } else {
    yield* writeChange(u, row, { ...seen, state: 'released' }, 'securityAction.released', { heldByOthers: others });
  }
}

/** The effect is known to be gone, or others keep it: every action that waited for its release is released. */
export function* releaseEnded(u: UnitContext, ledger: EnforcementRow): Work<void> {
  const waiting = yield* all(queries.actionsOn({ enforcement_id: ledger.id }));
  for (const row of waiting) if (row.hold === 'ended') yield* letGo(u, row, ledger, ledger.holds);
}

/** An action begins to hold an effect that nobody had to do with so far. Returns the ledger row as it is to be saved. */
export function* beginHold(u: UnitContext, row: ActionRow, ledger: EnforcementRow): Work<EnforcementRow> {
  const until = row.hold_until ?? u.now + (row.ttl_ms ?? 0);
  const endAt = Math.min(until, row.deadline_at ?? until);
  const held = { enforcement_id: ledger.id, hold: 'active', hold_until: until, start_at: null, end_at: endAt } as const;
  const change: ActionChange = { status: 'Running', state: 'pending', row: held };
  const sequence = yield* writeChange(u, row, change, 'securityAction.started', { enforcementId: ledger.id });
  const wasWanted = ledger.holds > 0;
  return {
    ...ledger,
    holds: ledger.holds + 1,
    wanted_until: Math.max(until, wasWanted ? (ledger.wanted_until ?? 0) : 0),
    wanted_seq: wasWanted ? ledger.wanted_seq : sequence,
    first_wanted_seq: ledger.first_wanted_seq ?? sequence,
    unwanted_seq: null,
    release_wished_at: null,
    release_failed: 0,
  };
}

/**
 * An action begins to hold an effect. Actions whose release was awaited are released: the effect is the new one's now.
 * Returns the ledger row as it is to be saved; the caller says in `lane` and `due_at` what comes next.
 */
export function* takeHold(u: UnitContext, row: ActionRow, ledger: EnforcementRow): Work<EnforcementRow> {
  const after = yield* beginHold(u, row, ledger);
  if (ledger.holds === 0) yield* releaseEnded(u, after);
  return after;
}

/** Why a hold ends. */
export interface HoldEnd {
  /** What a Running action fails as once its release is known. */
  readonly ending: Ending | null;
  /** False where the provider is not in the configuration: nobody can release there now. */
  readonly reachable: boolean;
  /** The status that the action gets at once, where it does. */
  readonly failsNow?: Pick<ActionChange, 'status' | 'errorInfo' | 'by'>;
  readonly type: JournalType;
  readonly details: Readonly<Record<string, unknown>>;
  readonly origin?: Origin | undefined;
}

/** Nothing of ours can be in force there: no attempt can have landed, or it was there before us. */
export const isClear = (ledger: EnforcementRow): boolean =>
  ledger.preexisting === 1 || (ledger.known === 'absent' && ledger.lease_call !== 'apply');

/** An action stops holding: others keep the effect, or nothing of ours is there. */
function* leave(u: UnitContext, row: ActionRow, ledger: EnforcementRow, end: HoldEnd): Work<void> {
  const ended = { ...row, ending: end.ending === null ? null : JSON.stringify(end.ending) };
  u.journal(journalEntry(end.type, row.id, null, end.details, end.origin));
  yield* letGo(u, ended, ledger, ledger.holds - 1);
  const rest = yield* first(queries.holdsOn({ enforcement_id: ledger.id }));
  const left = { ...ledger, holds: ledger.holds - 1, wanted_until: rest?.until ?? null };
  if (left.holds > 0 || left.lease_owner !== null) yield* must(queries.saveEnforcement(left));
  else yield* dropRow(u, left);
}

/**
 * Nobody has to do with the effect any more: the row has said all that it had to say. It stays while a release whose
 * answer was lost may still land, so that nothing is applied into it.
 * @returns when it is gone; null: at once
 */
export function* dropRow(u: UnitContext, ledger: EnforcementRow): Work<number | null> {
  const { unanswered_until } = ledger;
  if (unanswered_until === null || unanswered_until <= u.now) {
    yield* closeEffect(u, ledger);
    return null;
  }
  yield* must(queries.saveEnforcement({ ...ledger, due_at: unanswered_until }));
  u.due(unanswered_until);
  return unanswered_until;
}

/** The last holds end: the effect must be taken back, and their actions say so until it is known to be gone. */
function* wishRelease(u: UnitContext, rows: readonly ActionRow[], ledger: EnforcementRow, end: HoldEnd): Work<void> {
  const ending = end.ending === null ? null : JSON.stringify(end.ending);
  const change: ActionChange = {
    ...end.failsNow,
    state: 'releasing',
    row: { hold: 'ended', end_at: null, ending },
  };
  let sequence = ledger.unwanted_seq;
  for (const row of rows) sequence = yield* writeChange(u, row, change, end.type, end.details, end.origin);
  const isFree = ledger.lease_owner === null;
  yield* must(
    queries.saveEnforcement({
      ...ledger,
      holds: 0,
      wanted_until: null,
      release_wished_at: u.now,
      unwanted_seq: sequence,
      lane: isFree ? LANES.release : ledger.lane,
      due_at: isFree ? u.now : ledger.due_at,
    }),
  );
  u.due(u.now);
  if (!end.reachable) yield* giveUpRelease(u, ledger.id);
}

function* heldBy(row: ActionRow): Work<EnforcementRow> {
  const ledger = yield* first(queries.enforcementById({ id: row.enforcement_id ?? '' }));
  if (!ledger) throw new Error(`Action ${row.id} holds an effect that is not in the ledger.`);
  return ledger;
}

/**
 * An action no longer wants its effect: by a cancel, at its end, or because it failed.
 * @returns true where it was the last: the effect is to be taken back now
 */
export const endHold = (u: UnitContext, row: ActionRow, end: HoldEnd): Work<boolean> => endHolds(u, [row], end);

/**
 * Actions that stop to want one effect at once: where they are all who do, none of them is over before the release.
 * @returns true where the effect is to be taken back now
 */
export function* endHolds(u: UnitContext, rows: readonly ActionRow[], end: HoldEnd): Work<boolean> {
  const [some] = rows;
  if (!some) return false;
  const ledger = yield* heldBy(some);
  if (ledger.holds === rows.length && !isClear(ledger)) {
    yield* wishRelease(u, rows, ledger, end);
    return true;
  }
  for (const row of rows) yield* leave(u, row, yield* heldBy(row), end);
  return false;
}

/** A release did not succeed within its time: whoever reads the action is told; the tries go on. */
export function* giveUpRelease(u: UnitContext, enforcementId: string): Work<void> {
  const ledger = yield* first(queries.enforcementById({ id: enforcementId }));
  if (!ledger || ledger.release_failed === 1) return;
  yield* must(queries.saveEnforcement({ ...ledger, release_failed: 1 }));
  const rows = yield* all(queries.actionsOn({ enforcement_id: enforcementId }));
  for (const row of rows) if (row.hold === 'ended') yield* tellReleaseFailed(u, row);
  if (rows.length === 0) u.alarms.push({ actionId: null, provider: ledger.provider, target: ledger.target });
}

function* tellReleaseFailed(u: UnitContext, row: ActionRow): Work<void> {
  u.alarms.push({ actionId: row.id, provider: row.provider ?? '', target: row.target ?? '' });
  const ending = endingOf(row);
  const details = { alarm: true };
  if (row.status !== 'Running' || !ending) {
    yield* writeChange(u, row, { state: 'releaseFailed' }, 'securityAction.releaseFailed', details);
    return;
  }
  const isCancel = ending.result.code === RESULT_CODES.cancelled;
  const errorInfo = isCancel ? ending.result : { ...ending.result, code: RESULT_CODES.unresolved };
  const failed = { status: 'Failed', state: 'releaseFailed', errorInfo, by: ending.by, row: { ending: null } } as const;
  yield* writeChange(u, row, failed, 'securityAction.releaseFailed', details);
}
