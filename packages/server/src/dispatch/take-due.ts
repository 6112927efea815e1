import { queries } from '../store/queries.ts';
import { type ActionRow, type EnforcementRow, LANES, type Lane } from '../store/rows.ts';
import { type Alarm, all, first, must, type UnitContext, unit, type Work } from '../store/work.ts';
import type { LeasedCall } from './call-result.ts';
import { endAction } from './end-action.ts';
import { judgeCall } from './judge-call.ts';
import { isPastEnd, type Leasing, leaseCall } from './lease-call.ts';
import { carryOut } from './settle-call.ts';
import { beginAction, joinAction, type Start } from './start-action.ts';
import type { Terms } from './terms.ts';

/** How many more calls a provider can take, by lane. */
export type FreeSlots = Readonly<Record<'release' | 'apply' | 'verify', number>>;

export interface ProviderTurn {
  readonly terms: Terms;
  readonly free: FreeSlots;
  /** Actions that are due there, in order. */
  readonly starts: readonly Start[];
}

export interface Turn {
  readonly owner: string;
  readonly random: number;
  /** Providers of the configuration that serve this tenant. */
  readonly providers: readonly ProviderTurn[];
  /** Actions whose end or deadline has come. */
  readonly ends: readonly string[];
  /** Ledger rows that are left alone for now. */
  readonly skip: readonly string[];
}

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

/** Leases what the row needs next, where it needs a call. */
export function* leaseOne(
  u: UnitContext,
  ledger: EnforcementRow,
  leasing: Leasing,
  random: number,
): Work<LeasedCall | undefined> {
  if (ledger.lease_owner !== null) {
    yield* settleOverdue(u, ledger, leasing, random);
    return undefined;
  }
  if (isPastEnd(ledger, u.now)) {
    yield* must(queries.saveEnforcement({ ...ledger, due_at: null }));
    return undefined;
  }
  const call = yield* leaseCall(u, ledger, leasing);
  if (!call) yield* must(queries.deleteEnforcement({ id: ledger.id, version: ledger.version }));
  return call;
}

function* leaseLane(
  u: UnitContext,
  turn: Turn,
  { terms }: ProviderTurn,
  lane: Lane,
  limit: number,
): Work<readonly LeasedCall[]> {
  if (limit <= 0) return [];
  const reach = limit + turn.skip.length;
  const due = yield* all(queries.dueEnforcements({ provider: terms.provider, lane, now: u.now, limit: reach }));
  const calls: LeasedCall[] = [];
  for (const ledger of due.filter(({ id }) => !turn.skip.includes(id)).slice(0, limit)) {
    const call = yield* leaseOne(u, ledger, { owner: turn.owner, terms }, turn.random);
    if (call) calls.push(call);
  }
  return calls;
}

/** Two actions of one turn may want one effect: the second joins what the first began. */
export function* startFresh(u: UnitContext, row: ActionRow, leasing: Leasing): Work<LeasedCall | undefined> {
  const fresh = yield* joinAction(u, { id: row.id }, leasing.terms);
  return fresh && (yield* beginAction(u, fresh, leasing));
}

/**
 * New actions join first: what somebody wants again is not released. Then releases, in slots of their own; then what
 * waits for another attempt, leaving new ones up to half of what is free; then actions that need a call of their own.
 */
function* serve(u: UnitContext, turn: Turn, provider: ProviderTurn): Work<readonly LeasedCall[]> {
  const { free, starts, terms } = provider;
  const leasing = { owner: turn.owner, terms };
  const fresh: ActionRow[] = [];
  for (const start of starts) {
    const row = yield* joinAction(u, start, terms);
    if (row) fresh.push(row);
  }
  const releases = yield* leaseLane(u, turn, provider, LANES.release, free.release);
  const again = Math.max(Math.ceil(free.apply / 2), free.apply - fresh.length);
  const applies = [...(yield* leaseLane(u, turn, provider, LANES.apply, again))];
  for (const row of fresh.slice(0, Math.max(0, free.apply - applies.length))) {
    const call = yield* startFresh(u, row, leasing);
    if (call) applies.push(call);
  }
  const looks = yield* leaseLane(u, turn, provider, LANES.verify, free.verify);
  return [...releases, ...applies, ...looks];
}

function* nextDue(turn: Turn): Work<number | null> {
  const times: (number | undefined)[] = [(yield* first(queries.nextEnd({})))?.end_at];
  for (const { terms } of turn.providers) {
    const { provider } = terms;
    times.push((yield* first(queries.nextStart({ provider })))?.start_at);
    for (const lane of Object.values(LANES)) times.push((yield* first(queries.nextCall({ provider, lane })))?.due_at);
    const wished = (yield* first(queries.nextLateRelease({ provider })))?.release_wished_at;
    if (wished !== undefined) times.push(wished + terms.deadlineMs);
  }
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}

/** Everything that is due for a tenant and may go now: ends, starts, and the intents of calls, committed before they are sent. */
export const takeDue = unit('dispatch.takeDue', function* (u, turn: Turn) {
  const reachable = new Set(turn.providers.map(({ terms }) => terms.provider));
  let ended = 0;
  for (const id of turn.ends) if (yield* endAction(u, id, (provider) => reachable.has(provider))) ended += 1;
  const calls: LeasedCall[] = [];
  for (const provider of turn.providers) calls.push(...(yield* serve(u, turn, provider)));
  const nextDueAt = yield* nextDue(turn);
  u.nothingBefore(nextDueAt);
  return { calls, nextDueAt, ended, alarms: u.alarms } satisfies Taken as Taken;
});
