import { describe, expect, it } from 'vitest';
import { maxPageSizeOf, returnPreference } from './prefer.ts';

const asked = (prefer: string | string[] | undefined): Parameters<typeof returnPreference>[0] => ({
  headers: { prefer },
});

describe('return', () => {
  it.each<[string | string[] | undefined, ReturnType<typeof returnPreference>]>([
    [undefined, undefined],
    ['', undefined],
    ['return=minimal', 'minimal'],
    ['RETURN=Representation', 'representation'],
    ['return = "minimal"', 'minimal'],
    ['return=minimal; a=b', 'minimal'],
    ['respond-async, return=minimal', 'minimal'],
    ['wait=5, x="a, return=representation", return=minimal', 'minimal'],
    ['x="a\\", return=representation", return=minimal', 'minimal'],
    ['return=minimal, return=representation', 'minimal'],
    [['return=representation', 'return=minimal'], 'representation'],
    ['return=all, return=minimal', undefined],
    ['preturn=minimal', undefined],
    ['return=minimal x', undefined],
    ['"return=minimal"', undefined],
  ])('%j is %s', (prefer, wanted) => {
    expect(returnPreference(asked(prefer))).toBe(wanted);
  });
});

describe('maxpagesize', () => {
  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['return=minimal', undefined],
    ['odata.maxpagesize=50', 50],
    ['OData.MaxPageSize = "050"', 50],
    ['maxpagesize=7', 7],
    ['maxpagesize=7, odata.maxpagesize=8', 8],
    ['odata.maxpagesize=5, odata.maxpagesize=x', 5],
    ['odata.maxpagesize=99999999999999999999', Number.MAX_SAFE_INTEGER],
  ])('%j is %s', (prefer, wanted) => {
    expect(maxPageSizeOf(asked(prefer))).toBe(wanted);
  });

  it.each(['0', '-1', 'abc', '1.5', '1e3', '', '" 5"', '0x10'])('%j is no page size', (value) => {
    const refused = { code: 'badRequest', inner: 'invalidQueryOption', target: 'Prefer' };
    expect(() => maxPageSizeOf(asked(`odata.maxpagesize=${value}`))).toThrow(expect.objectContaining(refused));
  });
});

it.each([`a${' '.repeat(16_000)}x`, `a=${' '.repeat(16_000)}"`, '"\\"'.repeat(5_000), ', '.repeat(8_000)])(
  'preferences are read in no time, whatever they are: %#',
  (prefer) => {
    const startedAt = performance.now();
    returnPreference(asked(prefer));
    expect(performance.now() - startedAt).toBeLessThan(50);
  },
);
