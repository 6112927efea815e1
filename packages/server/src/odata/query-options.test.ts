import { describe, expect, it } from 'vitest';
import type { Refusal } from '../errors.ts';
import { readCount, readQueryOptions, readTop } from './query-options.ts';

function refusalOf(run: () => unknown): Refusal {
  try {
    run();
  } catch (thrown) {
    return thrown as Refusal;
  }
  throw new Error('It was not refused.');
}

describe('query options', () => {
  it.each([
    ['', {}],
    ['$top=5', { top: '5' }],
    ['top=5', { top: '5' }],
    ['%24top=5', { top: '5' }],
    ['$TOP=5&$Count=true', { top: '5', count: 'true' }],
    ['&&$top=5&', { top: '5' }],
    ['$top', { top: '' }],
    ['$top=', { top: '' }],
    ['$skiptoken=a%2Bb+c=d', { skiptoken: 'a+b c=d' }],
    ['%20$top%20=5', { top: '5' }],
    ['mine=1&api-version=2&x', {}],
    ['mine=%24filter', {}],
  ])('"%s" are %o', (query, options) => {
    expect(readQueryOptions(query, ['top', 'count', 'skiptoken'])).toEqual(options);
  });

  it.each([
    ['$filter=x', '$filter', /^The query option "\$filter" is not served here in this version/],
    ['filter=x', 'filter', /^The query option "filter" is not served/],
    ['$OrderBy=x', '$OrderBy', /"\$OrderBy" is not served/],
    ['$tpo=5', '$tpo', /^There is no query option "\$tpo"\. Did you mean "\$top"\?$/],
    ['$nonsense=5', '$nonsense', /^There is no query option "\$nonsense"\. There are: \$top, \$count\.$/],
    ['$top=1&$top=2', '$top', /^The query option "\$top" is there twice/],
    ['$top=1&top=1', 'top', /^The query option "top" is there twice/],
    ['$top=%zz', '$top', /^The query option "\$top" has a broken percent escape/],
    ['%zz=1', 'a name', /"a name" has a broken percent escape/],
    ['mine=%ff', 'mine', /"mine" has a broken percent escape/],
    [`$${'x'.repeat(200)}=1`, `$${'x'.repeat(99)}`, /^There is no query option "\$x{99}"\./],
  ])('"%s" is refused', (query, target, says) => {
    const refusal = refusalOf(() => readQueryOptions(query, ['top', 'count']));
    expect(refusal).toMatchObject({ code: 'badRequest', inner: 'invalidQueryOption', target });
    expect(refusal.message).toMatch(says);
  });

  it('are all refused where none is served', () => {
    expect(refusalOf(() => readQueryOptions('$top=1', [])).message).toContain('not served here');
    expect(refusalOf(() => readQueryOptions('$x=1', [])).message).toMatch(/There are none here\.$/);
  });
});

describe('the size of a page', () => {
  it.each([
    [undefined, 100],
    ['1', 1],
    ['0999', 999],
    ['1000', 1_000],
  ])('of "%s" is %i', (top, size) => {
    expect(readTop(top)).toBe(size);
  });

  it.each(['', '0', '-1', '+1', '1001', '1.0', '1e2', '0x5', ' 5', '5 ', '٥', 'all', '9'.repeat(30)])(
    '"%s" is none',
    (top) => {
      expect(refusalOf(() => readTop(top))).toMatchObject({ inner: 'invalidQueryOption', target: '$top' });
    },
  );
});

describe('whether to count', () => {
  it.each([
    [undefined, false],
    ['false', false],
    ['true', true],
  ])('is said by "%s": %s', (count, isAsked) => {
    expect(readCount(count)).toBe(isAsked);
  });

  it.each(['', 'TRUE', '1', 'yes'])('is not said by "%s"', (count) => {
    expect(refusalOf(() => readCount(count))).toMatchObject({ inner: 'invalidQueryOption', target: '$count' });
  });
});
