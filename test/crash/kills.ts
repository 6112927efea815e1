import type { Failpoint } from '../../packages/server/src/lib/failpoint.ts';
import type { Rig } from './rig.ts';

/** What was done to the servers. */
export interface Kills {
  atRandom: number;
  duringStart: number;
  /** How often a process ended at each point. */
  readonly atPoint: Map<Failpoint, number>;
  /** Armed, and not passed in time: such a process is killed from outside. */
  readonly notReached: Failpoint[];
  /** Starts that did not become ready although nothing was armed. */
  notReady: number;
  lastStartMs: number;
  longestStartMs: number;
}

export interface Round {
  readonly rig: Rig;
  readonly kills: Kills;
  readonly random: () => number;
  lives: number;
}

export const createKills = (): Kills => ({
  atRandom: 0,
  duringStart: 0,
  atPoint: new Map(),
  notReached: [],
  notReady: 0,
  lastStartMs: 0,
  longestStartMs: 0,
});

const FIRST_START_MS = 300_000;
const START_MS = 60_000;

/** The machine may be busy: a start that hangs takes far longer than any before it. */
export const startsWithin = ({ longestStartMs }: Kills): number =>
  longestStartMs === 0 ? FIRST_START_MS : Math.max(START_MS, 10 * longestStartMs);
