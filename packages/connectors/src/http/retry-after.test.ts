import { expect, test } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';

const NOW = new Date('2026-11-06T08:49:07Z');
const DAY_MS = 86_400_000;

test.each([
  ['0', 0],
  ['7', 7_000],
  [' 120 ', 120_000],
  ['999999999', DAY_MS],
  ['Fri, 06 Nov 2026 08:49:37 GMT', 30_000],
  ['Friday, 06-Nov-26 08:49:37 GMT', 30_000],
  ['Fri Nov  6 08:49:37 2026', 30_000],
  ['Fri, 06 Nov 2020 08:49:37 GMT', 0],
  ['Fri, 06 Nov 2099 08:49:37 GMT', DAY_MS],
])('%j', (header, expected) => {
  expect(parseRetryAfter(header, NOW)).toBe(expected);
});

test.each([
  undefined,
  '',
  '-1',
  '1.5',
  '1e3',
  '0x10',
  'soon',
  '99999999999999999999',
  'Fri',
  'Fri, 99 Nov 2026 08:49:37 GMT',
])('%j says nothing', (header) => {
  expect(parseRetryAfter(header, NOW)).toBeUndefined();
});

test('of two, the first counts', () => {
  expect(parseRetryAfter(['3', '9'], NOW)).toBe(3_000);
});
