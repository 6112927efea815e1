import { closeEffect } from '../actions/close-effect.ts';
import { dropRow, takeHold } from '../actions/holds.ts';
import { journalEntry } from '../actions/journal.ts';
import { haltAt, readPauses } from '../actions/pauses.ts';
import { queries } from '../store/queries.ts';
import { type ActionRow, type EnforcementRow, LANES } from '../store/rows.ts';
import { type Alarm, all, must, together, type UnitContext, unit, type Work } from '../store/work.ts';
import type { CallResult, LeasedCall } from './call-result.ts';
import { judgeCall } from './judge-call.ts';
import type { Judgement } from './judgement.ts';
import { isPastEnd, type Leasing, leaseCall } from './lease-call.ts';
import { type Told, tellActions, waitedSince } from './tell-actions.ts';

export interface Settlement extends Leasing {
  readonly enforcementId: string;
  readonly fence: number;
  readonly result: CallResult;
  /** The end that the call told the product. */
  readonly toldUntil: number;
  /** In [0, 1), for the jitter of the next delay. */
  readonly random: number;
}

export interface Settled {
  /** False where the lease was lost meanwhile: the outcome counts for nothing. */
  readonly held: boolean;
  /** What follows at once, leased in the same transaction. */
  readonly next?: LeasedCall | undefined;
  /** When the row is due again; null where nothing is to be done. */
  readonly dueAt: number | null;
  readonly alarms?: readonly Alarm[];
}

const LOST: Settled = { held: false, dueAt: null };

/** What a write brought, beside what the intent said: the audit has both. */
function writeAttempt(u: UnitContext, ledger: EnforcementRow, onIt: readonly ActionRow[], result: CallResult): void {
  if (ledger.lease_call !== 'apply' && ledger.lease_call !== 'release') return;
  const by = onIt.at(-1);
  const { operation, operation_id: operationId, attempt, fence, id: enforcementId } = ledger;
  const details = { phase: 'answer', enforcementId, operation, operationId, attempt, fence, ...result };
  u.journal(journalEntry('securityAction.attempted', by?.id ?? null, null, details));
}

/** Nothing may follow from the look now. It is made again before the intent: until then nobody holds the effect. */
function* lookAgain(u: UnitContext, ledger: EnforcementRow): Work<Settled> {
  const unseen = { known: 'absent', preexisting: 0, verified_at: null, looked: 0 } as const;
  yield* must(queries.saveEnforcement({ ...ledger, ...unseen, lane: LANES.apply, due_at: u.now }));
  return { held: true, dueAt: null };
}

/** After the first look: whoever waited holds the effect, and the intent follows where one is needed. */
function* afterLook(u: UnitContext, saved: EnforcementRow, leasedAt: number, leasing: Leasing): Work<Settled> {
  const halt = haltAt(yield* readPauses(), saved.provider);
  if (halt.holdsApplies) return yield* lookAgain(u, saved);
  let ledger = saved;
  for (const row of yield* all(queries.actionsOn({ enforcement_id: saved.id }))) {
    if (row.hold === 'waiting') ledger = yield* takeHold(u, row, ledger);
  }
  if (ledger.holds === 0) {
    yield* closeEffect(u, saved);
    return { held: true, dueAt: null };
  }
  if (isPastEnd(ledger, u.now)) {
    yield* must(queries.saveEnforcement({ ...ledger, due_at: null }));
    u.due(u.now);
    return { held: true, dueAt: u.now };
  }
  if (ledger.preexisting === 0) {
    const next = yield* leaseCall(u, ledger, { ...leasing, halt });
    return { held: true, next, dueAt: null };
  }
  const verdict = { kind: 'inForce', level: ledger.level } as const;
  return yield* tell(u, { ledger, verdict }, { leasedAt, probes: true, since: waitedSince });
}

/** The effect is gone and nobody wants it. */
export function* closeRow(u: UnitContext, ledger: EnforcementRow): Work<Settled> {
  yield* tellActions(u, { kind: 'gone' }, { ledger, leasedAt: u.now, probes: false });
  return { held: true, dueAt: yield* dropRow(u, ledger) };
}

/** Where an end of holds follows, that reads the ledger row as it is saved here; all else goes with it. */
function* saveAndTell(u: UnitContext, { ledger, verdict }: Judgement, of: Omit<Told, 'ledger'>): Work<boolean> {
  const saved = must(queries.saveEnforcement(ledger));
  const told = tellActions(u, verdict, { ledger, ...of });
  if (verdict.kind === 'refused' || verdict.kind === 'failed') {
    yield* saved;
    return yield* told;
  }
  const [, isWaiting] = yield* together<unknown>([saved, told]);
  return isWaiting === true;
}

function* tell(u: UnitContext, { ledger, verdict }: Judgement, of: Omit<Told, 'ledger'>): Work<Settled> {
  const isWaiting = yield* saveAndTell(u, { ledger, verdict }, of);
  let { due_at } = ledger;
  if (isWaiting) {
    const [again] = yield* all(queries.enforcementById({ id: ledger.id }));
    if (again) yield* must(queries.saveEnforcement({ ...again, lane: LANES.verify, due_at: u.now }));
    due_at = u.now;
  }
  if (due_at !== null) u.due(due_at);
  return { held: true, dueAt: due_at };
}

/** Carries a judgement out on the ledger row and on its actions. @param onIt those, where they were read already */
export function* carryOut(
  u: UnitContext,
  judgement: Judgement,
  leasedAt: number,
  leasing: Leasing,
  onIt?: readonly ActionRow[],
): Work<Settled> {
  const { ledger, verdict } = judgement;
  if (verdict.kind === 'looked') return yield* afterLook(u, ledger, leasedAt, leasing);
  if (verdict.kind === 'gone' && ledger.holds === 0) return yield* closeRow(u, ledger);
  return yield* tell(u, judgement, { leasedAt, probes: leasing.terms.probes, onIt });
}

/** Nobody makes the call of this lease any more: it is settled as one of which nothing was heard. */
export function* settleUnheard(u: UnitContext, ledger: EnforcementRow, leasing: Leasing, random = 0): Work<void> {
  const kind = ledger.lease_call ?? 'verify';
  const judgement = judgeCall(kind, { ledger, terms: leasing.terms, now: u.now, random }, {});
  yield* carryOut(u, judgement, ledger.leased_at ?? u.now, leasing);
}

/** A ledger row, and the actions on it by their ids, in one round trip. */
function* readBoth(id: string): Work<readonly [EnforcementRow | undefined, readonly ActionRow[]]> {
  const [ledgers, onIt] = yield [queries.enforcementById({ id }), queries.actionsOn({ enforcement_id: id })];
  return [(ledgers as readonly EnforcementRow[])[0], onIt as readonly ActionRow[]];
}

/** Writes a call's outcome down, under its fence: what the ledger knows, and what every action on it is told. */
export function* settleUnder(u: UnitContext, settlement: Settlement): Work<Settled> {
  const { enforcementId, fence, result, toldUntil, random, terms } = settlement;
  const [ledger, onIt] = yield* readBoth(enforcementId);
  if (!ledger || ledger.fence !== fence || ledger.lease_call === null) return LOST;
  writeAttempt(u, ledger, onIt, result);
  const judgement = judgeCall(
    ledger.lease_call,
    { ledger: { ...ledger, abandoned: 0 }, terms, now: u.now, toldUntil, random },
    result,
  );
  const settled = yield* carryOut(u, judgement, ledger.leased_at ?? u.now, settlement, onIt);
  return { ...settled, alarms: u.alarms };
}

export const settleCall = unit('dispatch.settle', function* (u, settlement: Settlement) {
  return yield* settleUnder(u, settlement);
});
