import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];

describe('an ISO 8601 duration', () => {
  it.each([
    ['P1D', DAY],
    ['PT24H', DAY],
    ['PT1H', HOUR],
    ['PT1M', MINUTE],
    ['PT1S', SECOND],
    ['P1DT12H', 1.5 * DAY],
    ['P1DT2H3M4S', DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND],
    ['P365D', 365 * DAY],
    ['PT90M', 90 * MINUTE],
    ['PT1H1S', HOUR + SECOND],
    ['PT0S', 0],
    ['P0D', 0],
    ['P007D', 7 * DAY],
  ])('%s lasts %i milliseconds', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    'P',
    'PT',
    'P1DT',
    'P1Y',
    'P1M',
    'P1W',
    'P1D1D',
    'PT1M1H',
    'PT1.5H',
    'PT1,5H',
    '-PT1H',
    'P-1D',
    'PT+1H',
    '+P1D',
    'p1d',
    'PT1h',
    'P1H',
    '1D',
    '3600',
    '1h',
    'forever',
    ' P1D',
    'P1D\n',
    'P1D ',
    'P٣D',
    'P1234567890D',
    'PTS',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('a duration in words of ISO 8601', () => {
  it.each([
    [0, 'PT0S'],
    [999, 'PT0S'],
    [SECOND, 'PT1S'],
    [MINUTE, 'PT1M'],
    [90 * SECOND, 'PT1M30S'],
    [HOUR, 'PT1H'],
    [HOUR + SECOND, 'PT1H1S'],
    [DAY, 'P1D'],
    [1.5 * DAY, 'P1DT12H'],
    [365 * DAY, 'P365D'],
    [DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND + 999, 'P1DT2H3M4S'],
  ])('%i milliseconds are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is read back as the same whole seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000 * DAY }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms - (ms % SECOND));
      }),
    );
  });
});
