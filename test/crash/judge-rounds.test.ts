import { describe, expect, it } from 'vitest';
import { FAILPOINTS, type Failpoint } from '../../packages/server/src/lib/failpoint.ts';
import type { Columns } from './evidence.ts';
import { judgeRounds, type Outcome, pointTable } from './judge-rounds.ts';
import { createKills, type Kills } from './kills.ts';
import { pointsOf } from './point-plan.ts';

const NOTHING_WRONG: Columns = {
  attempted: 10,
  acknowledged: 9,
  ok: 9,
  lost: [],
  unexpected: [],
  recovered: 1,
  duplicatedByKey: [],
  keylessRepeated: 0,
  keylessDuplicated: 0,
  repeatedCalls: 0,
  duplicatedEffects: [],
  stuck: [],
  illegalTransitions: [],
  uncancelled: [],
  phantoms: [],
  unaudited: [],
  prematureReleases: [],
  expired: 1,
  latestReleaseMs: 10,
  slowestReleaseMs: 10,
  zombies: [],
  missing: [],
};

const killsAt = (names: readonly Failpoint[], more: Partial<Kills> = {}): Kills => ({
  ...createKills(),
  atRandom: 50,
  atPoint: new Map(names.map((name) => [name, 1])),
  ...more,
});

const anOutcome = (more: Partial<Outcome> = {}): Outcome => ({
  store: 'SQLite',
  cycles: 50,
  kills: killsAt(pointsOf('SQLite')),
  isOfAllPoints: true,
  columns: NOTHING_WRONG,
  ownEnds: [],
  ...more,
});

const brokenIn = (outcome: Outcome): string[] =>
  judgeRounds(outcome.store, [outcome]).flatMap(({ promise, broken }) => (broken === undefined ? [] : [promise]));

const COLUMNS = Object.entries(NOTHING_WRONG).flatMap(([name, value]) => (Array.isArray(value) ? [name] : []));
const ALL_BUT_ONE = killsAt(pointsOf('SQLite').filter((name) => name !== 'delete.afterStore'));

describe('the verdict on rounds', () => {
  it('finds nothing broken where nothing is', () => {
    expect(brokenIn(anOutcome())).toEqual([]);
  });

  it.each(COLUMNS)('breaks one promise for an entry in the column "%s"', (column) => {
    expect(brokenIn(anOutcome({ columns: { ...NOTHING_WRONG, [column]: ['ip:a'] } }))).toHaveLength(1);
  });

  it.each([
    ['a release that takes long', { columns: { ...NOTHING_WRONG, slowestReleaseMs: 130_000 } }],
    ['a server that does not start', { kills: killsAt(pointsOf('SQLite'), { notReady: 1 }) }],
    ['a server that ends by itself', { ownEnds: ['TypeError'] }],
    ['a point that was never reached in cycles enough for all', { kills: ALL_BUT_ONE }],
    [
      'a point that was armed in vain',
      { cycles: 1, isOfAllPoints: false, kills: { ...ALL_BUT_ONE, notReached: ['delete.afterStore'] } },
    ],
  ] as const)('breaks one for %s', (_, more) => {
    expect(brokenIn(anOutcome(more as Partial<Outcome>))).toHaveLength(1);
  });

  it('asks of a few cycles only for the points that they came to', () => {
    expect(brokenIn(anOutcome({ cycles: 5, kills: killsAt(['call.sent']) }))).toEqual([]);
  });

  it('has a row for every point of either database', () => {
    const rows = (['SQLite', 'PostgreSQL'] as const).flatMap((store) => [...pointTable(store, [anOutcome()]).keys()]);
    expect([...new Set(rows)].sort()).toEqual([...FAILPOINTS].sort());
  });
});
