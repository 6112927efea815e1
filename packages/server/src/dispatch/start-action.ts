import { RESULT_CODES } from '@interdict/contract';
import { comeToTime } from '../actions/come-to-time.ts';
import { beginHold, takeHold } from '../actions/holds.ts';
import { queries } from '../store/queries.ts';
import { type ActionRow, type EnforcementRow, LANES } from '../store/rows.ts';
import { first, must, type UnitContext, type Work, WriteConflict } from '../store/work.ts';
import type { LeasedCall } from './call-result.ts';
import { freshLedger } from './fresh-ledger.ts';
import { protectedResult } from './judge-apply.ts';
import { givenUp, isEndUntold, mayBeShortened } from './judgement.ts';
import { leaseCall, type Permitted } from './lease-call.ts';
import { failUnsent, tellActions } from './tell-actions.ts';
import type { Terms } from './terms.ts';

/** An action that may start, with what the guard-rails say of it at this moment. */
export interface Start {
  readonly id: string;
  /** Why its target must not be touched; absent where it may. */
  readonly refusal?: string;
  /** Its effect was in the ledger: it needs no slot. */
  readonly joins?: true;
}

const mayStart = (u: UnitContext, row: ActionRow | undefined): row is ActionRow =>
  row?.status === 'NotStarted' && row.start_at !== null && row.start_at <= u.now;

/** Nothing is known yet of who put the effect in force: the action waits for that, and nothing was intended for it. */
function* wait(u: UnitContext, { id }: ActionRow, ledger: EnforcementRow): Work<void> {
  const row = yield* comeToTime(u, id);
  if (!mayStart(u, row)) throw new WriteConflict(`Action ${id} was cancelled in step with its start.`);
  const waiting = { ...row, enforcement_id: ledger.id, hold: 'waiting', start_at: null } as const;
  yield* must(queries.saveAction(waiting));
}

/** Saves the ledger row as it is: a look that ends in step with this read its actions before, and must read them again. */
function* waitAlso(u: UnitContext, row: ActionRow, ledger: EnforcementRow): Work<void> {
  yield* wait(u, row, ledger);
  yield* must(queries.saveEnforcement(ledger));
}

/** What an effect that gets one more hold must do next: a call, a look for the new one, or nothing. */
function withNextStep(before: EnforcementRow, after: EnforcementRow, terms: Terms, now: number): EnforcementRow {
  if (before.lease_owner !== null) return after;
  const isReleasing = before.release_wished_at !== null;
  if (before.operation === 'apply' && before.known !== 'inForce' && !isReleasing) return after;
  if (before.known !== 'inForce') {
    const idle = givenUp({ ledger: after, terms, now });
    const due = Math.max(now, idle.unanswered_until ?? now);
    return { ...idle, operation: null, operation_id: null, attempt: 0, lane: LANES.apply, due_at: due };
  }
  const needsLater = isEndUntold(after, terms) || mayBeShortened(after);
  return { ...after, lane: needsLater ? LANES.apply : LANES.verify, due_at: now };
}

/** Where nothing can be read back, an effect in force completes a new hold at once, unless a later end must be told. */
const completesAtOnce = (ledger: EnforcementRow, terms: Terms): boolean =>
  !terms.probes && ledger.known === 'inForce' && ledger.lane === LANES.verify;

function* join(u: UnitContext, row: ActionRow, ledger: EnforcementRow, terms: Terms): Work<void> {
  const held = yield* takeHold(u, row, ledger);
  const next = withNextStep(ledger, held, terms, u.now);
  const rests = completesAtOnce(next, terms);
  yield* must(queries.saveEnforcement(rests ? { ...next, due_at: null } : next));
  if (rests)
    yield* tellActions(u, { kind: 'inForce', level: next.level }, { ledger: next, leasedAt: u.now, probes: false });
  else if (next.due_at !== null) u.due(next.due_at);
}

/** Its own end came before it could start, or it may not be touched (any more). */
function whyNot(u: UnitContext, row: ActionRow, { refusal }: Start): ReturnType<typeof protectedResult> | undefined {
  if (refusal !== undefined) return protectedResult(refusal);
  if (row.hold_until === null || row.hold_until > u.now) return undefined;
  const message = 'Its end came before it could start. Nothing was sent.';
  return { code: RESULT_CODES.expiredBeforeStart, message, subcode: 0 };
}

const effectOf = ({ provider, action, target }: ActionRow): { provider: string; action: string; target: string } => ({
  provider: provider ?? '',
  action: action ?? '',
  target: target ?? '',
});

/** What a start would do: changes nothing. Without a row there is nothing to start. */
export interface ReadStart {
  readonly start: Start;
  readonly row: ActionRow | undefined;
  /** It needs a call of its own: nobody has to do with its effect. */
  readonly isFresh: boolean;
}

export function* readStart(u: UnitContext, start: Start): Work<ReadStart> {
  const row = yield* first(queries.actionById({ id: start.id }));
  if (!mayStart(u, row)) return { start, row: undefined, isFresh: false };
  if (whyNot(u, row, start)) return { start, row, isFresh: false };
  return { start, row, isFresh: (yield* first(queries.enforcementOf(effectOf(row)))) === undefined };
}

/**
 * Starts an action that is due, if that needs no call: it joins an effect that others hold or look at, or it ends here.
 * @returns the action where it needs a call of its own
 */
export function* joinAction(u: UnitContext, start: Start, terms: Terms): Work<ActionRow | undefined> {
  const row = yield* first(queries.actionById({ id: start.id }));
  if (!mayStart(u, row)) return undefined;
  const result = whyNot(u, row, start);
  if (result) {
    yield* failUnsent(u, row, result);
    return undefined;
  }
  const ledger = yield* first(queries.enforcementOf(effectOf(row)));
  if (!ledger) return row;
  const isBeforeFirstIntent = ledger.looked === 0 && ledger.holds === 0 && ledger.release_wished_at === null;
  if (isBeforeFirstIntent) yield* waitAlso(u, row, ledger);
  else yield* join(u, row, ledger, terms);
  return undefined;
}

/** Starts an action whose effect nobody wants yet: its first call is leased. */
export function* beginAction(u: UnitContext, row: ActionRow, leasing: Permitted): Work<LeasedCall | undefined> {
  const effect = { action: row.action ?? '', target: row.target ?? '' };
  const ledger = freshLedger(u, effect, leasing.terms);
  if (ledger.looked === 1) return yield* leaseCall(u, yield* beginHold(u, row, ledger), leasing, row);
  yield* wait(u, row, ledger);
  return yield* leaseCall(u, ledger, leasing, row);
}
