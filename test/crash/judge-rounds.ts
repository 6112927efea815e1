import type { Failpoint } from '../../packages/server/src/lib/failpoint.ts';
import { boundOf, type Finding } from '../campaigns/campaign.ts';
import type { Columns } from './evidence.ts';
import type { Kills } from './kills.ts';
import { CYCLES_OF_ALL, pointsOf, type StoreName } from './point-plan.ts';

/** One round: what was done, and what the checker made of it. */
export interface Outcome {
  readonly store: StoreName;
  readonly cycles: number;
  readonly kills: Kills;
  /** Not only those that somebody named. */
  readonly isOfAllPoints: boolean;
  readonly columns: Columns;
  readonly ownEnds: readonly string[];
}

/**
 * Of time in which a server was ready: how long the servers were gone is the rig's doing. A release has no hour in the
 * contract, it is repeated until it is done; on a busy machine it shares the processor with starts, which tell how busy.
 */
const LATEST_RELEASE_MS = 120_000;
const STARTS_A_RELEASE = 5;

export const pointKills = ({ atPoint }: Kills): number =>
  [...atPoint.values()].reduce((total, times) => total + times, 0);

const sum = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + of(outcome), 0);

function none(promise: string, store: StoreName, found: readonly (readonly string[])[], seen?: string): Finding {
  const all = found.flat();
  return {
    promise: `${store}: ${promise}`,
    seen,
    broken: all.length === 0 ? undefined : `${all.length}: ${all.slice(0, 5).join('; ')}`,
  };
}

function judgeHistories(store: StoreName, outcomes: readonly Outcome[]): readonly Finding[] {
  const of = (name: keyof Columns): readonly (readonly string[])[] =>
    outcomes.map(({ columns }) => columns[name] as readonly string[]);
  const count = (name: keyof Columns): number => sum(outcomes, ({ columns }) => Number(columns[name]));
  const kills = sum(outcomes, (each) => each.kills.atRandom + each.kills.duringStart + pointKills(each.kills));
  const late = Math.max(...outcomes.map(({ columns }) => columns.latestReleaseMs));
  return [
    none(
      'what was acknowledged is there',
      store,
      of('lost'),
      `${count('acknowledged')} of ${count('attempted')} acknowledged, ${count('recovered')} more recovered, ${kills} kills, ${boundOf(kills)} a kill`,
    ),
    none('nothing is there that nobody asked for', store, of('unexpected')),
    none(
      'a key makes one action',
      store,
      of('duplicatedByKey'),
      `without a key ${count('keylessDuplicated')} of ${count('keylessRepeated')} repeats made a second one`,
    ),
    none(
      'an effect is put in force by one operation',
      store,
      of('duplicatedEffects'),
      `${count('repeatedCalls')} calls were sent again under theirs`,
    ),
    none('nothing is stuck', store, of('stuck')),
    none('no transition is illegal, and nothing final changes', store, of('illegalTransitions')),
    none('what was cancelled does not come to be', store, of('uncancelled')),
    none('nothing is Completed that was never applied', store, of('phantoms')),
    none('every change and every call is in the journal, before it', store, of('unaudited')),
    none(
      'nothing is released before its end',
      store,
      of('prematureReleases'),
      `${count('expired')} ended by themselves, the latest release came ${late} ms after its end, restarts included`,
    ),
    none('nothing is in force that nobody wants', store, of('zombies')),
    none('what reads inForce is in force', store, of('missing')),
  ];
}

/** How often a process ended at each point, in the order of the list. */
export function pointTable(store: StoreName, outcomes: readonly Outcome[]): ReadonlyMap<string, number> {
  const times = (name: Failpoint): number => sum(outcomes, ({ kills }) => kills.atPoint.get(name) ?? 0);
  return new Map(pointsOf(store).map((name) => [name, times(name)]));
}

/** So many cycles go through all points; of fewer, or of some points, only those that were armed must have been reached. */
const goesThroughAll = (store: StoreName, outcomes: readonly Outcome[]): boolean =>
  sum(outcomes, ({ cycles }) => cycles) >= CYCLES_OF_ALL[store] && outcomes.every(({ isOfAllPoints }) => isOfAllPoints);

function judgePoints(store: StoreName, outcomes: readonly Outcome[]): Finding {
  const table = [...pointTable(store, outcomes)];
  const armed = new Set<string>(outcomes.flatMap(({ kills }) => kills.notReached));
  const isAll = goesThroughAll(store, outcomes);
  const missed = table.filter(([name, times]) => times === 0 && (isAll || armed.has(name))).map(([name]) => name);
  const reached = table.filter(([, times]) => times > 0).length;
  return {
    promise: `${store}: a process was killed at every failpoint${isAll ? '' : ' that was armed'}`,
    seen: `${reached} of ${table.length}`,
    broken: missed.length === 0 ? undefined : `not at ${missed.join(', ')}`,
  };
}

/** What came of the time: how late, how often, and whether every point was reached. */
function judgeServers(store: StoreName, outcomes: readonly Outcome[]): readonly Finding[] {
  const slowest = Math.max(...outcomes.map(({ columns }) => columns.slowestReleaseMs));
  const longestStart = Math.max(...outcomes.map(({ kills }) => kills.longestStartMs));
  const latest = Math.max(LATEST_RELEASE_MS, STARTS_A_RELEASE * longestStart);
  const notReady = sum(outcomes, ({ kills }) => kills.notReady);
  return [
    {
      promise: `${store}: a release comes within ${Math.round(latest / 1_000)} s of its end, while a server is ready`,
      seen: `${Math.round(slowest)} ms`,
      broken: slowest <= latest ? undefined : `${slowest} ms`,
    },
    {
      promise: `${store}: the server starts by itself after every kill`,
      seen: `longest start ${Math.round(longestStart)} ms`,
      broken: notReady === 0 ? undefined : `${notReady} starts`,
    },
    none(
      'a server ends only when it is killed or told to',
      store,
      outcomes.map(({ ownEnds }) => ownEnds),
    ),
    judgePoints(store, outcomes),
  ];
}

export const judgeRounds = (store: StoreName, outcomes: readonly Outcome[]): readonly Finding[] => [
  ...judgeHistories(store, outcomes),
  ...judgeServers(store, outcomes),
];
