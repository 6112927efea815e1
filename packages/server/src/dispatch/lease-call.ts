import type { Call, CallRequest } from '@interdict/connectors';
import { targetFromText } from '@interdict/contract';
import type { Entity } from '../actions/entity.ts';
import { journalEntry } from '../actions/journal.ts';
import type { Halt } from '../actions/pauses.ts';
import { toDateTime } from '../lib/date-time.ts';
import { queries } from '../store/queries.ts';
import { type ActionRow, type CallKind, type EnforcementRow, LANES } from '../store/rows.ts';
import { first, must, type UnitContext, type Work } from '../store/work.ts';
import type { LeasedCall } from './call-result.ts';
import { givenUp } from './judgement.ts';
import { looksFirst, type Terms } from './terms.ts';

/** Who takes leases, and how long the call may take at most: a lease outlives its call. */
export interface Leasing {
  readonly owner: string;
  readonly terms: Terms;
}

/** The same inside a unit, where it is known what may go at the provider at this moment. */
export interface Permitted extends Leasing {
  readonly halt: Halt;
}

/** A call and the look behind it each have the provider's time-out; the rest is for a busy machine. */
export const leaseMs = ({ timeoutMs }: Terms): number => 2 * timeoutMs + 15_000;

/**
 * How long after its lease was asked for a call may be sent at the latest, by the clock of the process: what is left
 * of the lease covers the call. A process that stood still, or a store that answered late, sends nothing any more.
 */
export const SENT_WITHIN_MS = 10_000;

/** Which call follows from the holds at this moment. */
export function kindOfCall(ledger: EnforcementRow, terms: Terms): CallKind {
  if (ledger.release_wished_at !== null && ledger.holds === 0) return 'release';
  if (ledger.looked === 0 && ledger.operation === null && looksFirst(terms)) return 'look';
  if (ledger.lane === LANES.verify) return 'verify';
  return 'apply';
}

/** Whether the call has to wait for the end of a pause. Looks at what is in force, or may be, go on. */
export const isHeldBack = (ledger: EnforcementRow, kind: CallKind, halt: Halt): boolean =>
  kind === 'release' ? (ledger.release_wished_at ?? 0) <= halt.releasesAfter : kind !== 'verify' && halt.holdsApplies;

/** Twice in a row: once is what any crash does to all that is under way. */
export const isSuspect = ({ abandoned }: EnforcementRow): boolean => abandoned > 1;

/** What is past its own end is never sent; its actions are ended in the next turn. */
export const isPastEnd = (ledger: EnforcementRow, now: number): boolean =>
  ledger.holds > 0 && ledger.wanted_until !== null && ledger.wanted_until <= now;

/** The call may be lost, and land behind one with a later end. */
const earliestEnd = ({ lost_until, wanted_until }: EnforcementRow): number | null =>
  lost_until === null || wanted_until === null ? wanted_until : Math.min(lost_until, wanted_until);

/** An apply of a later end, of which no answer came: what was in force before it is so still. */
const isOpenApply = ({ operation, settles_at }: EnforcementRow): boolean =>
  operation === 'apply' && settles_at !== null;

/** Operations are new for each first apply, later end, put-back and release; attempts of one share its id. */
function withOperation(u: UnitContext, ledger: EnforcementRow, kind: CallKind, terms: Terms): EnforcementRow {
  if (kind === 'look' || kind === 'verify') return ledger;
  const sent = kind === 'apply' && terms.lists ? { was_sent: 1 as const } : {};
  const told = kind === 'apply' && terms.keepsTime ? { lost_until: earliestEnd(ledger) } : {};
  if (ledger.operation === kind && ledger.operation_id !== null) {
    return { ...ledger, ...told, attempt: ledger.attempt + 1 };
  }
  const fresh = { operation: kind, operation_id: u.newId(), attempt: 1, operation_at: u.now };
  return { ...givenUp({ ledger, terms, now: u.now }), ...fresh, ...sent, ...told };
}

/** What a release gives as its request where no action stands behind it any more. */
const NOBODYS = { actionId: '', parameters: [], reason: null } as const;

function requestOf(by: ActionRow | undefined): CallRequest {
  if (!by) return NOBODYS;
  const entity = JSON.parse(by.entity) as Entity;
  return { actionId: by.id, parameters: entity.parameters, reason: entity.actionReason };
}

function toCall(u: UnitContext, ledger: EnforcementRow, by: ActionRow | undefined, isInDoubt: boolean): Call {
  return {
    tenantId: u.tenantId,
    action: ledger.action,
    target: targetFromText(ledger.target),
    operationId: ledger.operation_id ?? u.newId(),
    attempt: Math.max(1, ledger.attempt),
    expirationDateTime: toDateTime(ledger.wanted_until ?? by?.hold_until ?? u.now),
    request: requestOf(by),
    ...(ledger.note !== null && { note: ledger.note }),
    ...(isInDoubt && { inDoubt: true as const }),
  };
}

/**
 * Commits the intent of one call: operation, attempt, fence and lease, before anything is sent.
 * @param begunBy the action that the row is made for, where it is new
 * Returns undefined where no action stands behind the row any more, and nothing is to be taken back.
 */
export function* leaseCall(
  u: UnitContext,
  ledger: EnforcementRow,
  { owner, terms, halt }: Permitted,
  begunBy?: ActionRow,
): Work<LeasedCall | undefined> {
  const by = begunBy ?? (yield* first(queries.newestActionOn({ enforcement_id: ledger.id })));
  const kind = kindOfCall(ledger, terms);
  if (!by && kind !== 'release') return undefined;
  if (isHeldBack(ledger, kind, halt)) throw new Error(`A ${kind} of ${ledger.id} must wait, and was to be made.`);
  const until = u.now + leaseMs(terms);
  const intended = withOperation(u, ledger, kind, terms);
  const lease = { lease_owner: owner, leased_at: u.now, lease_until: until, lease_call: kind, due_at: until };
  const leased: EnforcementRow = { ...intended, ...lease, fence: ledger.fence + 1 };
  yield* must(begunBy ? queries.insertEnforcement(leased) : queries.saveEnforcement(leased));
  u.due(until);
  if (leased.operation_id !== ledger.operation_id) {
    const { operation, operation_id: operationId, id: enforcementId } = leased;
    const details = { phase: 'intent', enforcementId, operation, operationId, provider: ledger.provider };
    u.journal(journalEntry('securityAction.attempted', by?.id ?? null, null, details));
  }
  const isInDoubt = ledger.known === 'unknown' || isOpenApply(ledger);
  return {
    enforcementId: ledger.id,
    fence: leased.fence,
    provider: ledger.provider,
    kind,
    inDoubt: isInDoubt,
    isSuspect: isSuspect(ledger),
    call: toCall(u, leased, by, isInDoubt),
  };
}
