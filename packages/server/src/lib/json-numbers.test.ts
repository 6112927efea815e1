import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findInexactNumber } from './json-numbers.ts';

describe('findInexactNumber', () => {
  it.each([
    ['{"a":9007199254740993}', '9007199254740993', 'a'],
    ['{"a":0.12345678901234567890123}', '0.12345678901234567890123', 'a'],
    ['{"a":{"b":[1, 1e400]}}', '1e400', '1'],
    ['{"a":-0}', '-0', 'a'],
    ['[-0.0]', '-0.0', '0'],
    ['1e-400', '1e-400', ''],
  ])('finds what would come back changed in %s', (text, literal, key) => {
    expect(findInexactNumber(text)).toEqual({ literal, key });
  });

  it.each([
    '{"a":9007199254740992}',
    '{"a":0.1}',
    '{"a":1e3,"b":1E+3,"c":0.001e-2}',
    '{"a":1.50000000000000000000}',
    '{"a":100000000000000000000}',
    '{"a":1.7976931348623157e308}',
    '{"a":"9007199254740993","b":"x:-0"}',
    '{"a":",-0"}',
    '0',
  ])('lets %s pass', (text) => {
    expect(findInexactNumber(text)).toBeUndefined();
  });

  it('lets every double pass in the words of JavaScript, minus zero apart', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        fc.pre(!Object.is(value, -0));
        expect(findInexactNumber(`{"a":${value}}`)).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
  });

  it('finds every whole number that would come back as another', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 52n, max: 10n ** 20n }), (value) => {
        const comesBack = JSON.stringify(JSON.parse(`${value}`)) === `${value}`;
        expect(findInexactNumber(`[${value}]`) === undefined).toBe(comesBack);
      }),
      { numRuns: 5_000 },
    );
  });
});

it('judges a number of 260,000 digits at once', () => {
  const startedAt = performance.now();
  expect(findInexactNumber(`[1${'0'.repeat(261_000)}1e5]`)?.key).toBe('0');
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
