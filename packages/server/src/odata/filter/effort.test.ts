import { expect, it } from 'vitest';
import { TooMuchText } from './effort.ts';
import { holds } from './holds.ts';
import { parseFilter } from './parse-filter.ts';

/** As large as an action can be: 60 parameters of 4,000 characters. */
const withParameters = (value: string): Readonly<Record<string, unknown>> => ({
  parameters: Array.from({ length: 60 }, (_, index) => ({ name: `p${index}`, value })),
});
const nested = (depth: number): string => `${'substring('.repeat(depth)}p/value${',0)'.repeat(depth)}`;
const three = (depth: number): string => [1, 2, 3].map(() => `${nested(depth)} eq 'x'`).join(' or ');

it.each([
  [`parameters/any(p:${three(12)})`, '😀'.repeat(950)],
  [`parameters/any(p:${three(2)})`, '😀'.repeat(2_000)],
  [`parameters/any(p:contains(p/value,'${'a'.repeat(700)}b${'a'.repeat(700)}'))`, 'a'.repeat(4_000)],
  [`parameters/any(p:${'tolower(toupper('.repeat(6)}p/value${'))'.repeat(6)} eq 'x')`, 'İ'.repeat(4_000)],
  [`parameters/any(p:length(${'concat(p/value,'.repeat(9)}p/value${')'.repeat(9)}) eq 1)`, 'ß'.repeat(4_000)],
  [
    `parameters/any(p:contains(p/value,'b') or indexof(p/value,'c') ge 0 or tolower(p/value) eq 'x')`,
    'a'.repeat(4_000),
  ],
])('no filter takes long on one action: %#', (text, value) => {
  const [filter, entity] = [parseFilter(text), withParameters(value)];
  const once = (): number => {
    const startedAt = performance.now();
    try {
      holds(filter, entity, 0);
    } catch (error) {
      if (!(error instanceof TooMuchText)) throw error;
    }
    return performance.now() - startedAt;
  };
  expect(Math.min(once(), once(), once())).toBeLessThan(90);
});

it.each([
  `parameters/any(p:${Array.from({ length: 18 }, (_, index) => `contains(p/value,'part ${index}')`).join(' or ')})`,
  `parameters/any(p:${['1', '2', '3', '4'].map((part) => `contains(tolower(p/value),'${part}')`).join(' or ')})`,
  `parameters/any(p:contains(p/value,'https://evil.example/${'path/'.repeat(120)}'))`,
])('what is cheap is served on one text of 200,000 characters: %#', (text) => {
  const entity = { parameters: [{ name: 'comment', value: 'A note of an analyst. '.repeat(9_000) }] };
  expect(holds(parseFilter(text), entity, 0)).toBe(false);
});

it('a filter that looks for ten texts in the largest action is served', () => {
  const terms = Array.from({ length: 10 }, (_, index) => `contains(p/value,'part ${index}')`).join(' or ');
  expect(holds(parseFilter(`parameters/any(p:${terms})`), withParameters('a'.repeat(4_000)), 0)).toBe(false);
});
