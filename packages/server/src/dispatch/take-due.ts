import { closeEffect } from '../actions/close-effect.ts';
import { comeToTime } from '../actions/come-to-time.ts';
import { type Halt, haltAt, type Pauses, readPauses } from '../actions/pauses.ts';
import { queries } from '../store/queries.ts';
import { type ActionRow, type EnforcementRow, LANES, type Lane } from '../store/rows.ts';
import { type Alarm, all, first, must, together, type UnitContext, unit, type Work } from '../store/work.ts';
import type { LeasedCall } from './call-result.ts';
import { endAction } from './end-action.ts';
import { nextLateAt } from './give-up-late.ts';
import { isHeldBack, isPastEnd, kindOfCall, type Leasing, leaseCall, type Permitted } from './lease-call.ts';
import { closeRow, settleUnheard } from './settle-call.ts';
import { beginAction, joinAction, readStart, type Start } from './start-action.ts';
import type { Terms } from './terms.ts';

/** How many more calls a provider can take, by lane. */
export type FreeSlots = Readonly<Record<'release' | 'apply' | 'verify', number>>;

/** What is held back: before which time it is of no use to look for it again. Absent: it is not. */
export type NotBefore = Readonly<Partial<Record<keyof FreeSlots | 'starts', number | undefined>>>;

export const isHeld = (notBefore: NotBefore): boolean => Object.values(notBefore).some((time) => time !== undefined);

export interface ProviderTurn {
  readonly terms: Terms;
  readonly free: FreeSlots;
  /** Actions that were due there, in order: other processes may have begun some of them. */
  readonly starts: readonly Start[];
  /** Among how many of what is due they were. */
  readonly window: number;
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
  /** Other processes have begun what was planned, and there are slots for more. */
  readonly isOvertaken: boolean;
}

/** Leases that ran out are settled, however many applies of the lane have to wait. */
const OVERDUE_A_TURN = 100;

/** That needs no call: nothing that holds calls back holds it back, nor the release that may wait behind it. */
function* settleAllOverdue(u: UnitContext, leasing: Leasing, { random, skip }: TurnNow): Work<void> {
  const { provider } = leasing.terms;
  const overdue = yield* all(queries.overdueLeases({ provider, now: u.now, limit: OVERDUE_A_TURN + skip.length }));
  const mine = overdue.filter(({ id }) => !skip.includes(id));
  yield* together(mine.map((ledger) => settleUnheard(u, ledger, leasing, random)));
}

/** Leases what the row needs next, where it needs a call that may be made now. */
export function* leaseOne(
  u: UnitContext,
  ledger: EnforcementRow,
  permitted: Permitted,
  random: number,
): Work<LeasedCall | undefined> {
  if (ledger.lease_owner !== null) {
    yield* settleUnheard(u, ledger, permitted, random);
    return undefined;
  }
  if (isPastEnd(ledger, u.now)) {
    yield* must(queries.saveEnforcement({ ...ledger, due_at: null }));
    return undefined;
  }
  const kind = kindOfCall(ledger, permitted.terms);
  if (isHeldBack(ledger, kind, permitted.halt)) return undefined;
  // What cannot be taken back ends without a call, whatever ended it.
  if (kind === 'release' && permitted.terms.irreversible.includes(ledger.action)) {
    yield* closeRow(u, ledger);
    return undefined;
  }
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
  // Another lane may have found one meanwhile.
  if (!suspect || !turn.maySuspect) return [];
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
  const [suspects, rows] = yield* together([
    dueSuspects(u, turn, permitted, lane),
    dueRows(u, permitted, lane, limit + turn.skip.length),
  ]);
  // Leases that ran out are settled all together, that of a suspect too.
  const alone = new Set(suspects?.map(({ id }) => id));
  const others = (rows ?? []).filter(({ id }) => !alone.has(id));
  const due = [...(suspects ?? []), ...others].filter(({ id }) => !turn.skip.includes(id)).slice(0, limit);
  const calls = yield* together(due.map((ledger) => leaseOne(u, ledger, permitted, turn.random)));
  return calls.filter((call) => call !== undefined);
}

/** Two actions of one turn may want one effect: the second joins what the first began. */
function* startAll(u: UnitContext, rows: readonly ActionRow[], permitted: Permitted): Work<readonly LeasedCall[]> {
  const firsts = new Map<string, ActionRow>();
  for (const row of rows.toReversed()) firsts.set(`${row.action} ${row.target}`, row);
  const isFirst = new Set(firsts.values());
  const begun = rows.filter((row) => isFirst.has(row));
  const calls = yield* together(begun.map((row) => beginAction(u, row, permitted)));
  for (const { id } of rows.filter((row) => !isFirst.has(row))) yield* joinAction(u, { id }, permitted.terms);
  return calls.filter((call) => call !== undefined);
}

/** What is left to start at a provider. */
interface Left {
  readonly starts: readonly Start[];
  /** Others have begun some of what was planned. */
  readonly isOvertaken: boolean;
}

const needsSlot = ({ refusal, joins }: Start): boolean => refusal === undefined && joins !== true;

/** Which of more than there are slots for are left is known under the tenant's lock. What needs no slot is left as it is. */
function* leftToStart(u: UnitContext, { starts, terms, free, window }: ProviderTurn): Work<Left> {
  if (starts.filter(needsSlot).length <= free.apply) return { starts, isOvertaken: false };
  const due = yield* all(queries.dueActions({ provider: terms.provider, now: u.now, limit: window }));
  const joins = new Map(due.map((action) => [action.id, action.joins]));
  let begun = 0;
  const left = starts.filter((start) => {
    if (!needsSlot(start) || joins.get(start.id) === 1) return true;
    if (!joins.has(start.id)) return false;
    begun += 1;
    return begun <= free.apply;
  });
  return { starts: left, isOvertaken: begun < free.apply };
}

/** Those that need no call are under way with it. @returns those that need one */
function* joinAll(u: UnitContext, { starts, terms }: ProviderTurn, halt: Halt): Work<readonly ActionRow[]> {
  if (halt.holdsApplies) return [];
  const read = yield* together(starts.map((start) => readStart(u, start)));
  const fresh: ActionRow[] = [];
  for (const { start, row, isFresh } of read) {
    // Two of them may join one effect: one after the other.
    const begins = isFresh ? row : row && (yield* joinAction(u, start, terms));
    if (begins) fresh.push(begins);
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
  const left = free.apply - fresh.length;
  const again = freshFirst ? Math.max(0, left) : Math.max(Math.ceil(free.apply / 2), left);
  const limit = halt.holdsApplies ? OVERDUE_A_TURN : again;
  const [releases = [], applies = [], looks = []] = yield* together([
    leaseLane(u, turn, permitted, LANES.release, free.release),
    leaseLane(u, turn, permitted, LANES.apply, limit),
    leaseLane(u, turn, permitted, LANES.verify, free.verify),
  ]);
  const calls = yield* startAll(u, fresh.slice(0, Math.max(0, free.apply - applies.length)), permitted);
  return [...releases, ...applies, ...calls, ...looks];
}

/** What a pause holds back is due all the time: it is looked at again so soon, and keeps no other tenant waiting. */
const HELD_BACK_MS = 1_000;

const later = (time: number | undefined, notBefore = 0): number | undefined =>
  time === undefined ? undefined : Math.max(time, notBefore);

const IN_LANES = ['release', 'apply', 'verify'] as const;

/** What is due next, by whichever of these. */
type NextTime = number | undefined;
type NextRow = Partial<Readonly<Record<'start_at' | 'due_at' | 'release_wished_at', number>>>;

/** When something is due at a provider, as far as it may go. */
function* nextAt(u: UnitContext, { terms, notBefore }: ProviderTurn, halt: Halt): Work<readonly NextTime[]> {
  const { provider } = terms;
  const leases = isHeld(notBefore) ? yield* all(queries.nextLease({ provider })) : [];
  const [starts, lateReleases, ...calls] = yield* together<readonly NextRow[]>([
    all(queries.nextStart({ provider })),
    all(queries.nextLateRelease({ provider, since: 0 })),
    ...IN_LANES.map((lane) => all(queries.nextCall({ provider, lane: LANES[lane] }))),
  ]);
  const heldBack = { release: halt.holdsEnds, apply: halt.holdsApplies, verify: false };
  const wished = lateReleases?.[0]?.release_wished_at;
  return [
    ...IN_LANES.map((lane, index) => {
      const again = Math.max(notBefore[lane] ?? 0, heldBack[lane] ? u.now + HELD_BACK_MS : 0);
      return later(calls[index]?.[0]?.due_at, again);
    }),
    halt.holdsApplies ? undefined : later(starts?.[0]?.start_at, notBefore.starts),
    leases[0]?.due_at,
    wished === undefined ? undefined : yield* nextLateAt(u, terms, wished),
  ];
}

function* ends(): Work<readonly NextTime[]> {
  return [(yield* first(queries.nextEnd({})))?.end_at];
}

function* nextDue(u: UnitContext, turn: Turn, pauses: Pauses): Work<number | null> {
  const [nextEnds, ...atProviders] = yield* together<readonly NextTime[]>([
    ends(),
    ...turn.providers.map((each) => nextAt(u, each, haltAt(pauses, each.terms.provider))),
  ]);
  const end = nextEnds?.[0];
  const isHeldBack = end !== undefined && (turn.endsWait === true || pauses.some(({ kind }) => kind === 'restored'));
  const times: NextTime[] = [isHeldBack ? Math.max(end, u.now + HELD_BACK_MS) : end];
  if (pauses.length > 0) times.push((yield* first(queries.nextScheduled({})))?.start_at);
  for (const each of atProviders) times.push(...each);
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}

/** In one round trip: what pauses, and what is left to start at each provider. */
function* readFirst(u: UnitContext, { providers }: Turn): Work<readonly [Pauses, ...Left[]]> {
  const read = yield* together<Pauses | Left>([readPauses(), ...providers.map((provider) => leftToStart(u, provider))]);
  return read as readonly [Pauses, ...Left[]];
}

/** Everything that is due for a tenant and may go now: ends, starts, and the intents of calls, committed before they are sent. */
export const takeDue = unit('dispatch.takeDue', function* (u, turn: Turn) {
  const [pauses, ...left] = yield* readFirst(u, turn);
  const reachable = new Set(turn.providers.map(({ terms }) => terms.provider));
  const ending = { pauses, isReachable: (provider: string) => reachable.has(provider) };
  let ended = 0;
  for (const id of turn.ends) if (yield* endAction(u, id, ending)) ended += 1;
  const calls: LeasedCall[] = [];
  const turnNow = { ...turn };
  for (const [index, provider] of turn.providers.entries()) {
    const served = { ...provider, starts: left[index]?.starts ?? [] };
    calls.push(...(yield* serve(u, turnNow, served, haltAt(pauses, provider.terms.provider))));
  }
  // What could not start says so.
  for (const id of turn.arrived) yield* comeToTime(u, id);
  const nextDueAt = yield* nextDue(u, turn, pauses);
  u.nothingBefore(nextDueAt);
  const isOvertaken = left.some((each) => each.isOvertaken);
  return { calls, nextDueAt, ended, alarms: u.alarms, isOvertaken } satisfies Taken as Taken;
});
