import os from 'node:os';
import type { Clock } from './clock.ts';

/** What a guarded clock is made of. All in milliseconds. */
export interface TimeSources {
  /** Of the system, which anybody may set. */
  wall(): number;
  /** Of this process and its threads: nobody sets it, and it stands still while the machine sleeps. */
  monotonic(): number;
  /** Since the machine began, its sleep included. */
  uptime(): number;
}

const NS_A_MS = 1e6;

const monotonicMs = (): number => Number(process.hrtime.bigint()) / NS_A_MS;

export const systemTime: TimeSources = {
  wall: () => Date.now(),
  monotonic: monotonicMs,
  uptime: () => os.uptime() * 1_000,
};

const US_A_MS = 1_000;

/** The time that all threads agree on: the monotonic clock, and what the guard adds to it. */
export const sharedClock = (shared: SharedArrayBuffer, monotonic = monotonicMs): Clock => {
  const offsetUs = new BigInt64Array(shared);
  return { now: () => Math.floor(monotonic() + Number(Atomics.load(offsetUs, 0)) / US_A_MS) };
};

/** How often whoever keeps the clock looks. */
export const LOOK_EVERY_MS = 1_000;
/** Further off than this, the system's clock was set. */
const JUMP_MS = 5_000;
/** So long it must go on evenly before anything ends by the clock again. */
const DOUBT_MS = 60_000;
/** A correction of at most this much is followed. More than that no time server corrects by itself. */
const BELIEVED_MS = 900_000;
/** How fast it is followed, for each look: nobody sees the time jump, or go far back. */
const FORWARDS_MS = 500;
const BACKWARDS_MS = 50;
/** Uptime is told in hundredths of a second. */
const SLEPT_MS = 1_000;

/** What so much true time may look like by the clock, at most: a correction is followed meanwhile, in every look. */
export const atMostByClock = (trueMs: number): number =>
  trueMs === 0 ? 0 : trueMs + FORWARDS_MS * (Math.floor(trueMs / LOOK_EVERY_MS) + 1);

/**
 * `inDoubt`: it was just set. `off`: it stands elsewhere, and is not believed. `behind`: it was believed at the start, and
 * stands before what was written earlier.
 */
export type ClockState = 'sure' | 'inDoubt' | 'off' | 'behind';

/** Looks at the system's clock from time to time, and decides how far it is believed. */
export interface ClockGuard {
  readonly clock: Clock;
  /** Is handed to threads: see {@link sharedClock}. */
  readonly shared: SharedArrayBuffer;
  readonly state: () => ClockState;
  /** @returns by how much it was set since the last look; undefined where it was not */
  look(): number | undefined;
  /** It was this late already, by an earlier process. */
  remember(servedUntil: number): void;
}

interface Doubt {
  since: number;
  /** By how much the system's clock is ahead. */
  byMs: number;
}

interface Guarded {
  readonly sources: TimeSources;
  readonly offsetUs: BigInt64Array;
  readonly clock: Clock;
  doubt: Doubt | undefined;
  sleptMs: number;
  servedUntil: number;
}

const asleep = ({ uptime, monotonic }: TimeSources): number => uptime() - monotonic();

function move({ offsetUs }: Guarded, ms: number): void {
  Atomics.add(offsetUs, 0, BigInt(Math.round(ms * US_A_MS)));
}

/** Time passed while the machine slept: that is no jump. */
function afterSleep(guarded: Guarded): void {
  const slept = asleep(guarded.sources) - guarded.sleptMs;
  if (Math.abs(slept) < SLEPT_MS) return;
  guarded.sleptMs += slept;
  move(guarded, slept);
}

const isBehind = ({ clock, servedUntil }: Guarded): boolean => clock.now() < servedUntil - JUMP_MS;

function stateOf(guarded: Guarded): ClockState {
  const { doubt, sources } = guarded;
  if (doubt && sources.monotonic() - doubt.since < DOUBT_MS) return 'inDoubt';
  if (doubt && Math.abs(doubt.byMs) > BELIEVED_MS) return 'off';
  return isBehind(guarded) ? 'behind' : 'sure';
}

function lookAt(guarded: Guarded): number | undefined {
  afterSleep(guarded);
  const { clock, doubt, sources } = guarded;
  const ahead = sources.wall() - clock.now();
  const isNear = Math.abs(ahead) <= JUMP_MS;
  if (!isNear && (!doubt || Math.abs(ahead - doubt.byMs) > JUMP_MS)) {
    guarded.doubt = { since: sources.monotonic(), byMs: ahead };
    return ahead;
  }
  const state = stateOf(guarded);
  if ((state === 'inDoubt' || state === 'off') && !isNear) return undefined;
  if (isNear) guarded.doubt = undefined;
  const step = Math.max(-BACKWARDS_MS, Math.min(FORWARDS_MS, ahead));
  move(guarded, step);
  if (guarded.doubt) guarded.doubt.byMs -= step;
  return undefined;
}

/**
 * A clock that begins with the system's time and goes on by the monotonic one: leases, ends and keys never see the
 * system's clock jump. Small corrections are followed slowly; one of more than fifteen minutes is not believed until the
 * process starts again.
 */
export function createClockGuard(sources: TimeSources = systemTime): ClockGuard {
  const shared = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
  const offsetUs = new BigInt64Array(shared);
  offsetUs[0] = BigInt(Math.round((sources.wall() - sources.monotonic()) * US_A_MS));
  const clock = sharedClock(shared, sources.monotonic);
  const guarded: Guarded = { sources, offsetUs, clock, doubt: undefined, sleptMs: asleep(sources), servedUntil: 0 };
  const isInDoubt = (): boolean => stateOf(guarded) === 'inDoubt';
  return {
    clock: { ...clock, isInDoubt },
    shared,
    state: () => stateOf(guarded),
    look: () => lookAt(guarded),
    remember: (servedUntil) => {
      guarded.servedUntil = servedUntil;
    },
  };
}
