import type { CallKind } from '../store/rows.ts';
import { admits, type Breaker, createBreaker, isIdle } from './breaker.ts';
import { affordableAt, type Bucket, createBucket, type RateLimits, spend, tokensOf } from './rate.ts';
import { slotLaneOf } from './slots.ts';
import type { FreeSlots } from './take-due.ts';
import { looksFirst, type Terms } from './terms.ts';

/** What stands between one tenant and one provider, beside the slots that all tenants share. */
export interface Gate {
  /** Releases are tried for themselves, and more often. */
  readonly release: Breaker;
  /** Applies and looks. */
  readonly work: Breaker;
  readonly bucket: Bucket | undefined;
  /** What a call may cost the product, by lane. */
  readonly costs: FreeSlots;
  /** Counts turns, so that looks get theirs where applies never end. */
  turns: number;
}

/** By provider and tenant; what rests is forgotten. */
export type Gates = Map<string, Gate>;

const LONGEST_PAUSE_MS = 300_000;
const LONGEST_RELEASE_PAUSE_MS = 30_000;
/** What a product may put off for everything that a tenant wants of it. Releases are not put off for long. */
const LONGEST_THROTTLE_MS = 3_600_000;

export interface GateTerms {
  readonly terms: Pick<Terms, 'probes' | 'seesForeign' | 'sparesForeign'>;
  readonly limits: RateLimits & { readonly concurrency: number };
}

/** A write is read back where that can be done, and the first one is looked at before. */
function costsOf(terms: GateTerms['terms']): FreeSlots {
  const write = terms.probes ? 2 : 1;
  return { release: write, apply: looksFirst(terms) ? write + 1 : write, verify: 1 };
}

export function createGate({ terms, limits }: GateTerms, now: number): Gate {
  const enough = limits.concurrency;
  const isLimited = limits.perMinute !== undefined || limits.perHour !== undefined;
  const costs = costsOf(terms);
  return {
    release: createBreaker({
      longestPauseMs: LONGEST_RELEASE_PAUSE_MS,
      longestThrottleMs: LONGEST_PAUSE_MS,
      enough,
    }),
    work: createBreaker({ longestPauseMs: LONGEST_PAUSE_MS, longestThrottleMs: LONGEST_THROTTLE_MS, enough }),
    bucket: isLimited ? createBucket(limits, costs.apply, now) : undefined,
    costs,
    turns: 0,
  };
}

export const breakerOf = (gate: Gate, kind: CallKind): Breaker => (kind === 'release' ? gate.release : gate.work);

/** A bucket is worth remembering: a new one is empty. */
export const isForgettable = (gate: Gate, now: number): boolean =>
  gate.bucket === undefined && isIdle(gate.release, now) && isIdle(gate.work, now);

type Lane = keyof FreeSlots;

export interface Admitted {
  /** How many of the wanted calls may begin. */
  readonly calls: FreeSlots;
  /** Lanes in which more is wanted, and before which time it is of no use to look again. */
  readonly notBefore: Readonly<Partial<Record<Lane, number>>>;
  /** The one call that is tried is to be one that was never tried. */
  readonly freshFirst: boolean;
}

/** Every fourth time looks go before applies. */
const LOOKS_FIRST = 4;

/** Releases first. */
const orderOf = ({ turns }: Gate): readonly Lane[] =>
  turns % LOOKS_FIRST === LOOKS_FIRST - 1 ? ['release', 'verify', 'apply'] : ['release', 'apply', 'verify'];

interface Door {
  most: number;
  readonly again: number;
}

interface Budget {
  readonly release: Door;
  readonly work: Door;
  /** What the product's limits leave; undefined where it has none. */
  tokens: number | undefined;
}

const budgetOf = ({ bucket, release, work }: Gate, now: number, shares: number): Budget => ({
  release: { ...admits(release, now) },
  work: { ...admits(work, now) },
  tokens: bucket && tokensOf(bucket, now, shares),
});

/** How many calls of a lane the budget still lets through. */
function most(gate: Gate, lane: Lane, { release, work, tokens }: Budget): number {
  const paid = tokens === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Math.floor(tokens / gate.costs[lane]));
  return Math.min(paid, lane === 'release' ? release.most : work.most);
}

/** Where a turn used less than it might have, the next one is not at once. */
const SOON_MS = 25;

/** When the budget may let more of a lane through than now. */
function again(gate: Gate, lane: Lane, budget: Budget, now: number, shares: number): number {
  const door = lane === 'release' ? budget.release : budget.work;
  const open = door.most <= most(gate, lane, budget) ? door.again : now + SOON_MS;
  return gate.bucket ? Math.max(open, affordableAt(gate.bucket, gate.costs[lane], now, shares)) : open;
}

/** How many calls of each lane might begin now, were no other lane to want any. */
export function admittable(gate: Gate, now: number, shares: number): FreeSlots {
  const budget = budgetOf(gate, now, shares);
  return {
    release: most(gate, 'release', budget),
    apply: most(gate, 'apply', budget),
    verify: most(gate, 'verify', budget),
  };
}

/**
 * How many of the calls that a tenant wants may begin now. Takes nothing: see {@link enter}.
 * @param shares processes between which the product's limits are divided
 */
export function admit(gate: Gate, wanted: FreeSlots, now: number, shares: number): Admitted {
  const { costs, release, work } = gate;
  const budget = budgetOf(gate, now, shares);
  const calls: Record<Lane, number> = { release: 0, apply: 0, verify: 0 };
  const notBefore: Partial<Record<Lane, number>> = {};
  for (const lane of orderOf(gate)) {
    calls[lane] = Math.min(wanted[lane], most(gate, lane, budget));
    if (calls[lane] < wanted[lane]) notBefore[lane] = again(gate, lane, budget, now, shares);
    budget[lane === 'release' ? 'release' : 'work'].most -= calls[lane];
    if (budget.tokens !== undefined) budget.tokens -= calls[lane] * costs[lane];
  }
  release.isWanted = notBefore.release !== undefined;
  work.isWanted = notBefore.apply !== undefined || notBefore.verify !== undefined;
  const isProbe = work.pauses > 0 && calls.apply > 0;
  return { calls, notBefore, freshFirst: isProbe && work.pauses % 2 === 1 };
}

/** Calls begin, or may begin: they are under way until {@link leave}, and paid for. */
export function enter(gate: Gate, calls: FreeSlots): void {
  const { bucket, costs, release, work } = gate;
  release.underWay += calls.release;
  work.underWay += calls.apply + calls.verify;
  if (calls.release + calls.apply + calls.verify > 0) gate.turns += 1;
  if (bucket) spend(bucket, calls.release * costs.release + calls.apply * costs.apply + calls.verify * costs.verify);
}

/** Calls that did not begin after all. */
export function takeBack(gate: Gate, lane: Lane, count: number): void {
  breakerOf(gate, lane).underWay -= count;
  if (gate.bucket) spend(gate.bucket, -count * gate.costs[lane]);
}

/**
 * A call is over, and what followed from it at once.
 * @param began as what it began
 * @param made how often the product was asked
 * @returns whether others wait for that
 */
export function leave(gate: Gate, began: CallKind, ended: CallKind, made: number): boolean {
  const breaker = breakerOf(gate, ended);
  breaker.underWay -= 1;
  if (gate.bucket) spend(gate.bucket, made - gate.costs[slotLaneOf(began)]);
  return gate.release.isWanted || gate.work.isWanted;
}

/** A call is followed by one of another kind. */
export function goOn(gate: Gate, from: CallKind, to: CallKind): void {
  breakerOf(gate, from).underWay -= 1;
  breakerOf(gate, to).underWay += 1;
}
