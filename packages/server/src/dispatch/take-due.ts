import { closeEffect } from '../actions/close-effect.ts';
import { comeToTime } from '../actions/come-to-time.ts';
import { type Halt, haltAt, type Pauses, readPauses } from '../actions/pauses.ts';
import { queries } from '../store/queries.ts';
import { type ActionRow, type EnforcementRow, LANES, type Lane } from '../store/rows.ts';
import { type Alarm, all, first, must, type UnitContext, unit, type Work } from '../store/work.ts';
import type { LeasedCall } from './call-result.ts';
import { endAction } from './end-action.ts';
import { judgeCall } from './judge-call.ts';
import { isHeldBack, isPastEnd, kindOfCall, type Leasing, leaseCall, type Permitted } from './lease-call.ts';
import { carryOut } from './settle-call.ts';
import { beginAction, joinAction, type Start } from './start-action.ts';
import type { Terms } from './terms.ts';

/** How many more calls a provider can take, by lane. */
export type FreeSlots = Readonly<Record<'release' | 'apply' | 'verify', number>>;

/** What is held back: before which time it is of no use to look for it again. Absent: it is not. */
export type NotBefore = Readonly<Partial<Record<keyof FreeSlots | 'starts', number | undefined>>>;

const isHeld = (notBefore: NotBefore): boolean => Object.values(notBefore).some((time) => time !== undefined);

export interface ProviderTurn {
  readonly terms: Terms;
  readonly free: FreeSlots;
  /** Actions that are due there, in order. */
  readonly starts: readonly Start[];
  readonly notBefore: NotBefore;
  /** What was never tried goes before what failed before. */
  readonly freshFirst: boolean;
}

export interface Turn {
  readonly owner: string;
  readonly random: number;
  /** Providers of the configuration that serve this tenant. */
  readonly providers: readonly ProviderTurn[];
  /** Actions whose end or deadline has come. */
  readonly ends: readonly string[];
  /** Scheduled actions whose moment has come. */
  readonly arrived: readonly string[];
  /** Ledger rows that are left alone for now. */
  readonly skip: readonly string[];
  /** Nothing ends by the clock now: it was just set. */
  readonly endsWait?: boolean;
  /** No call is under way that may kill the process: one such may be made. */
  readonly maySuspect: boolean;
}

/** A turn that is being carried out. */
type TurnNow = Omit<Turn, 'maySuspect'> & { maySuspect: boolean };

export interface Taken {
  readonly calls: readonly LeasedCall[];
  /** When the next thing is due; null: nothing is, as things stand. */
  readonly nextDueAt: number | null;
  /** How many actions were ended. */
  readonly ended: number;
  readonly alarms: readonly Alarm[];
}

/** A lease that ran out: its call is settled as one of which nothing was heard. */
function* settleOverdue(u: UnitContext, ledger: EnforcementRow, leasing: Leasing, random: number): Work<void> {
  const kind = ledger.lease_call ?? 'verify';
  const judgement = judgeCall(kind, { ledger, terms: leasing.terms, now: u.now, random }, {});
  yield* carryOut(u, judgement, ledger.leased_at ?? u.now, leasing);
}

/** Leases that ran out are settled, however many applies of the lane have to wait. */
const OVERDUE_A_TURN = 100;

/** That needs no call: nothing that holds calls back holds it back, nor the release that may wait behind it. */
function* settleAllOverdue(u: UnitContext, leasing: Leasing, { random, skip }: TurnNow): Work<void> {
  const { provider } = leasing.terms;
  const overdue = yield* all(queries.overdueLeases({ provider, now: u.now, limit: OVERDUE_A_TURN + skip.length }));
  for (const ledger of overdue) if (!skip.includes(ledger.id)) yield* settleOverdue(u, ledger, leasing, random);
}

/** Leases what the row needs next, where it needs a call that may be made now. */
export function* leaseOne(
  u: UnitContext,
  ledger: EnforcementRow,
  permitted: Permitted,
  random: number,
): Work<LeasedCall | undefined> {
  if (ledger.lease_owner !== null) {
    yield* settleOverdue(u, ledger, permitted, random);
    return undefined;
  }
  if (isPastEnd(ledger, u.now)) {
    yield* must(queries.saveEnforcement({ ...ledger, due_at: null }));
    return undefined;
  }
  if (isHeldBack(ledger, kindOfCall(ledger, permitted.terms), permitted.halt)) return undefined;
  const call = yield* leaseCall(u, ledger, permitted);
  if (!call) yield* closeEffect(u, ledger);
  return call;
}

function dueRows(
  u: UnitContext,
  { terms, halt }: Permitted,
  lane: Lane,
  limit: number,
): Work<readonly EnforcementRow[]> {
  const at = { provider: terms.provider, now: u.now };
  if (lane === LANES.release && halt.holdsEnds) {
    return all(queries.dueReleasesSince({ ...at, since: halt.releasesAfter, limit }));
  }
  if (lane === LANES.apply && halt.holdsApplies) return all(queries.overdueApplies({ ...at, limit: OVERDUE_A_TURN }));
  return all(queries.dueEnforcements({ ...at, lane, limit }));
}

function* dueSuspects(
  u: UnitContext,
  turn: TurnNow,
  { terms }: Permitted,
  lane: Lane,
): Work<readonly EnforcementRow[]> {
  if (!turn.maySuspect) return [];
  const at = { provider: terms.provider, lane, now: u.now };
  const due = yield* all(queries.dueSuspects({ ...at, limit: turn.skip.length + 1 }));
  const [suspect] = due.filter(({ id }) => !turn.skip.includes(id));
  if (!suspect) return [];
  turn.maySuspect = false;
  return [suspect];
}

function* leaseLane(
  u: UnitContext,
  turn: TurnNow,
  permitted: Permitted,
  lane: Lane,
  limit: number,
): Work<readonly LeasedCall[]> {
  if (limit <= 0) return [];
  const suspects = yield* dueSuspects(u, turn, permitted, lane);
  const due = [...suspects, ...(yield* dueRows(u, permitted, lane, limit + turn.skip.length))];
  const calls: LeasedCall[] = [];
  for (const ledger of due.filter(({ id }) => !turn.skip.includes(id)).slice(0, limit)) {
    const call = yield* leaseOne(u, ledger, permitted, turn.random);
    if (call) calls.push(call);
  }
  return calls;
}

/** Two actions of one turn may want one effect: the second joins what the first began. */
export function* startFresh(u: UnitContext, row: ActionRow, permitted: Permitted): Work<LeasedCall | undefined> {
  const fresh = yield* joinAction(u, { id: row.id }, permitted.terms);
  return fresh && (yield* beginAction(u, fresh, permitted));
}

/** Those that need no call are under way with it. @returns those that need one */
function* joinAll(u: UnitContext, { starts, terms }: ProviderTurn, halt: Halt): Work<readonly ActionRow[]> {
  if (halt.holdsApplies) return [];
  const fresh: ActionRow[] = [];
  for (const start of starts) {
    const row = yield* joinAction(u, start, terms);
    if (row) fresh.push(row);
  }
  return fresh;
}

/**
 * New actions join first: what somebody wants again is not released. Then releases, in slots of their own; then what
 * waits for another attempt, leaving new ones up to half of what is free; then actions that need a call of their own.
 */
function* serve(u: UnitContext, turn: TurnNow, provider: ProviderTurn, halt: Halt): Work<readonly LeasedCall[]> {
  const { free, freshFirst, notBefore, terms } = provider;
  const permitted = { owner: turn.owner, terms, halt };
  if (isHeld(notBefore)) yield* settleAllOverdue(u, permitted, turn);
  const fresh = yield* joinAll(u, provider, halt);
  const releases = yield* leaseLane(u, turn, permitted, LANES.release, free.release);
  const left = free.apply - fresh.length;
  const again = freshFirst ? Math.max(0, left) : Math.max(Math.ceil(free.apply / 2), left);
  const limit = halt.holdsApplies ? OVERDUE_A_TURN : again;
  const applies = [...(yield* leaseLane(u, turn, permitted, LANES.apply, limit))];
  for (const row of fresh.slice(0, Math.max(0, free.apply - applies.length))) {
    const call = yield* startFresh(u, row, permitted);
    if (call) applies.push(call);
  }
  const looks = yield* leaseLane(u, turn, permitted, LANES.verify, free.verify);
  return [...releases, ...applies, ...looks];
}

/** What a pause holds back is due all the time: it is looked at again so soon, and keeps no other tenant waiting. */
const HELD_BACK_MS = 1_000;

const later = (time: number | undefined, notBefore = 0): number | undefined =>
  time === undefined ? undefined : Math.max(time, notBefore);

/** When something is due at a provider, as far as it may go. */
function* nextAt(
  u: UnitContext,
  { terms: { provider, deadlineMs }, notBefore }: ProviderTurn,
  halt: Halt,
): Work<readonly (number | undefined)[]> {
  const times: (number | undefined)[] = [];
  if (!halt.holdsApplies)
    times.push(later((yield* first(queries.nextStart({ provider })))?.start_at, notBefore.starts));
  const heldBack = { release: halt.holdsEnds, apply: halt.holdsApplies, verify: false };
  for (const lane of ['release', 'apply', 'verify'] as const) {
    const due = (yield* first(queries.nextCall({ provider, lane: LANES[lane] })))?.due_at;
    times.push(later(due, Math.max(notBefore[lane] ?? 0, heldBack[lane] ? u.now + HELD_BACK_MS : 0)));
  }
  if (isHeld(notBefore)) times.push((yield* first(queries.nextLease({ provider })))?.due_at);
  const wished = (yield* first(queries.nextLateRelease({ provider })))?.release_wished_at;
  return [...times, wished === undefined ? undefined : wished + deadlineMs];
}

function* nextDue(u: UnitContext, turn: Turn, pauses: Pauses): Work<number | null> {
  const end = (yield* first(queries.nextEnd({})))?.end_at;
  const isHeldBack = end !== undefined && (turn.endsWait === true || pauses.some(({ kind }) => kind === 'restored'));
  const times: (number | undefined)[] = [isHeldBack ? Math.max(end, u.now + HELD_BACK_MS) : end];
  if (pauses.length > 0) times.push((yield* first(queries.nextScheduled({})))?.start_at);
  for (const each of turn.providers) times.push(...(yield* nextAt(u, each, haltAt(pauses, each.terms.provider))));
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}

/** Everything that is due for a tenant and may go now: ends, starts, and the intents of calls, committed before they are sent. */
export const takeDue = unit('dispatch.takeDue', function* (u, turn: Turn) {
  const pauses = yield* readPauses();
  const reachable = new Set(turn.providers.map(({ terms }) => terms.provider));
  const ending = { pauses, isReachable: (provider: string) => reachable.has(provider) };
  let ended = 0;
  for (const id of turn.ends) if (yield* endAction(u, id, ending)) ended += 1;
  const calls: LeasedCall[] = [];
  const turnNow = { ...turn };
  for (const provider of turn.providers) {
    calls.push(...(yield* serve(u, turnNow, provider, haltAt(pauses, provider.terms.provider))));
  }
  // What could not start says so.
  for (const id of turn.arrived) yield* comeToTime(u, id);
  const nextDueAt = yield* nextDue(u, turn, pauses);
  u.nothingBefore(nextDueAt);
  return { calls, nextDueAt, ended, alarms: u.alarms } satisfies Taken as Taken;
});
