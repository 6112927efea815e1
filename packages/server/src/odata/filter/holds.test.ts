import { expect, test } from 'vitest';
import { holds } from './holds.ts';
import { parseFilter } from './parse-filter.ts';
import { randomEntity, randomFilter } from './testing/random-filter.ts';
import { randomSource } from './testing/random-source.ts';
import { evaluate } from './testing/reference-evaluator.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

test('a filter holds exactly where an evaluator written apart from it says so', () => {
  const random = randomSource(20_261_126);
  const counts = { true: 0, false: 0, null: 0 };
  for (let round = 0; round < 20_000; round += 1) {
    const text = randomFilter(random);
    const entity = randomEntity(random);
    const filter = parseFilter(text);
    const value = evaluate(filter, entity, NOW) as boolean | null;
    counts[`${value}`] += 1;
    expect(holds(filter, entity, NOW), `${text} on ${JSON.stringify(entity)}`).toBe(value === true);
  }
  expect(Math.min(...Object.values(counts)), 'each of the three values comes up').toBeGreaterThan(200);
});

const ENTITY = { status: 'Running', name: '\u{1f600}', user: null, createdDateTime: '2026-01-01T00:00:00.0000001Z' };

test.each([
  ['user eq null', true],
  ['user ne null', false],
  ['user gt null', false],
  ["not (user gt 'a')", true],
  ["user gt 'a' or status eq 'Running'", true],
  ["user in ('a',null)", true],
  ['errorInfo/code eq null', true],
  ['errorInfo/code ne 1', true],
  ['parameters/any()', false],
  ["parameters/any(p:p/name eq 'a')", false],
  ["parameters/all(p:p/name eq 'a')", true],
  ["name gt '\ufffd'", true],
  ['length(name) eq 1', true],
  ['createdDateTime gt 2026-01-01T00:00:00Z', true],
  ['createdDateTime gt 2026-01-01T00:00:00.0000001Z', false],
  ['createdDateTime lt 2026-01-01T00:00:00.00000011Z', true],
  ['createdDateTime lt 2026-01-01T05:30:00.00000011+05:30', true],
  ['createdDateTime ge now()', true],
])('%s', (text, expected) => {
  expect(holds(parseFilter(text), ENTITY, NOW)).toBe(expected);
});
