import { expect, it } from 'vitest';
import { randomSource } from '../../odata/filter/testing/random-source.ts';
import type { SortRow } from '../../store/walk.ts';
import { sortRows } from './sort-rows.ts';

it.each([0, 1, 1_999, 2_000, 2_001, 7_003])('sorts %i rows, slice by slice, as if at once', async (size) => {
  const random = randomSource(size + 1);
  const rows = Array.from(
    { length: size },
    (_, index): SortRow => ({ id: String(index).padStart(6, '0'), keys: [random.below(50)] }),
  );
  const order = [{ path: 'errorInfo/code', isDescending: true }];
  const expected = [...rows].sort(
    (one, other) => Number(other.keys[0]) - Number(one.keys[0]) || Number(other.id) - Number(one.id),
  );
  let turns = 0;
  const counting = setInterval(() => {
    turns += 1;
  }, 0);
  expect(await sortRows(rows, order)).toEqual(expected);
  clearInterval(counting);
  if (size > 4_000) expect(turns).toBeGreaterThan(0);
});
