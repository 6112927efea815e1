import { expect, test } from 'vitest';
import { refusalOf } from '../testing/refusal-of.ts';
import { parseFilter } from './parse-filter.ts';
import { INVALID_NAMES } from './testing/invalid-names-table.ts';
import { INVALID } from './testing/invalid-table.ts';
import { RECOGNISED } from './testing/recognised-table.ts';
import { SERVED } from './testing/served-table.ts';

/** The lines of a table, as they are: blanks at their ends count. */
const linesOf = (table: string): readonly string[] => table.split('\n').slice(1, -1);

const MARK = '\u00a6';

test.each(linesOf(SERVED))('%s is read', (text) => {
  expect(parseFilter(text)).toHaveProperty('kind');
});

const REFUSED = [
  ...linesOf(RECOGNISED).map((line) => ['unsupportedFilter', line] as const),
  ...linesOf(INVALID).map((line) => ['invalidFilter', line] as const),
  ...linesOf(INVALID_NAMES).map((line) => ['invalidFilter', line] as const),
];

test.each(REFUSED)('%s: %s', (inner, line) => {
  const { code, inner: found, target, message } = refusalOf(() => parseFilter(line.replace(MARK, '')));
  expect([code, found, target]).toEqual(['badRequest', inner, '$filter']);
  expect(message).toMatch(/[.?]$/);
  const at = Number(/^At character (\d+): /.exec(message)?.[1]);
  expect(line.replace(MARK, '').slice(0, at - 1) + MARK + line.replace(MARK, '').slice(at - 1), message).toBe(line);
});

test('the tables have no line twice', () => {
  const lines = [SERVED, RECOGNISED, INVALID, INVALID_NAMES].flatMap(linesOf);
  expect(lines.filter((line, index) => lines.indexOf(line) !== index)).toEqual([]);
  expect(lines.length).toBeGreaterThan(450);
});
