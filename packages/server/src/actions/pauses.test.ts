import { describe, expect, it } from 'vitest';
import type { DispatchPauseRow } from '../store/rows.ts';
import { haltAt, pausedMs, ranSince } from './pauses.ts';

const aPause = (of: Partial<DispatchPauseRow>): DispatchPauseRow => ({
  id: 'p',
  provider: '',
  kind: 'stopped',
  reason: 'r',
  app_id: 'a',
  user_name: null,
  since: 0,
  until: null,
  ...of,
});

describe('what has to wait at a provider', () => {
  it.each<[string, readonly Partial<DispatchPauseRow>[], ReturnType<typeof haltAt>]>([
    ['nothing, without a pause', [], { holdsApplies: false, holdsEnds: false, releasesAfter: -Infinity }],
    [
      'nothing, where another is stopped',
      [{ provider: 'other' }],
      { holdsApplies: false, holdsEnds: false, releasesAfter: -Infinity },
    ],
    [
      'applies, where all are stopped',
      [{ provider: 'other' }, { provider: '' }],
      { holdsApplies: true, holdsEnds: false, releasesAfter: -Infinity },
    ],
    [
      'ends and older releases too, where it is restored',
      [{ provider: 'edge', kind: 'restored', since: 7 }, { since: 9 }],
      { holdsApplies: true, holdsEnds: true, releasesAfter: 7 },
    ],
    [
      'what the latest restore holds back',
      [
        { kind: 'restored', since: 7 },
        { provider: 'edge', kind: 'restored', since: 8 },
      ],
      { holdsApplies: true, holdsEnds: true, releasesAfter: 8 },
    ],
  ])('%s', (_, pauses, halt) => {
    expect(haltAt(pauses.map(aPause), 'edge')).toEqual(halt);
  });
});

describe('the time that pauses took', () => {
  it.each<[string, readonly (readonly [number, number | null])[], number]>([
    ['none', [], 0],
    ['one that is over', [[20, 30]], 10],
    ['one that lasts', [[90, null]], 10],
    ['one that began before', [[0, 15]], 5],
    ['one that was over before', [[0, 5]], 0],
    [
      'two apart',
      [
        [60, 70],
        [20, 30],
      ],
      20,
    ],
    [
      'two that overlap',
      [
        [20, 40],
        [30, 50],
      ],
      30,
    ],
    [
      'one in the other',
      [
        [20, 50],
        [30, 40],
      ],
      30,
    ],
    ['one that is told to end later than now', [[90, 900]], 10],
  ])('%s', (_, spans, ms) => {
    expect(
      pausedMs(
        spans.map(([since, until]) => ({ since, until })),
        10,
        100,
      ),
    ).toBe(ms);
  });
});

describe('since when the dispatch has run for ten', () => {
  it.each<[string, readonly (readonly [since: number, until: number | null])[], number]>([
    ['without a pause', [], 90],
    ['with one that was over before', [[10, 90]], 90],
    ['with one in between', [[92, 95]], 87],
    [
      'with two that overlap',
      [
        [91, 94],
        [92, 96],
      ],
      85,
    ],
    [
      'with one that the first makes count',
      [
        [92, 95],
        [80, 88],
      ],
      79,
    ],
    ['with one that lasts', [[95, null]], 85],
    ['with one that has lasted for ever', [[-1_000, null]], -1_010],
  ])('%s', (_, spans, since) => {
    const pauses = spans.map(([from, until]) => aPause({ since: from, until }));
    expect(ranSince(pauses, 10, 100)).toBe(since);
  });
});
