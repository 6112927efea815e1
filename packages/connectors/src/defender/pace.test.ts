import { expect, test } from 'vitest';
import { createPace, spend } from './pace.ts';

test('what is in store goes at once, and then one at a time', () => {
  const pace = createPace(3, 1_000);
  const waits: number[] = [];
  let now = 5_000;
  for (let count = 0; count < 6; count += 1) {
    const wait = spend(pace, 1, now);
    waits.push(wait);
    now += wait;
  }
  expect(waits).toEqual([0, 0, 1_000, 1_000, 1_000, 1_000]);
  now += 60_000;
  expect(spend(pace, 1, now)).toBe(0);
});

test('what costs more is waited for longer, and a clock that was put back fills nothing', () => {
  const pace = createPace(5, 2_000);
  expect(spend(pace, 8, 0)).toBe(8_000);
  expect(spend(pace, 1, 8_000)).toBe(2_000);
  expect(spend(pace, 1, 1_000)).toBe(4_000);
});
