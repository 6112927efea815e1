import { expect, test } from 'vitest';
import { readFilters } from '../read-filters.ts';

test('of 100,000 generated filters none is neither read nor refused, and none is slow', () => {
  const accepted = readFilters(100_000, 4);
  // All that were left whole, and some of the others.
  expect(accepted).toBeGreaterThan(50_000);
  expect(accepted).toBeLessThan(75_000);
});
