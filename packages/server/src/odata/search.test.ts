import { describe, expect, it } from 'vitest';
import { readSearch, type WordQuery } from './search.ts';

/** As a text, fully in parentheses. */
function shown(query: WordQuery): string {
  if (query.kind === 'phrase') return query.words.length === 1 ? `${query.words[0]}` : `"${query.words.join(' ')}"`;
  if (query.kind === 'not') return `!${shown(query.operand)}`;
  return `(${shown(query.left)} ${query.kind} ${shown(query.right)})`;
}

const nested = (depth: number): string => `${'('.repeat(depth)}a${')'.repeat(depth)}`;
const words = (count: number): string => Array.from({ length: count }, (_, index) => `w${index}`).join(' ');

const GOOD: readonly (readonly [text: string, shown: string])[] = [
  ['malware', 'malware'],
  ['  Malware\t', 'malware'],
  ['a b', '(a and b)'],
  ['a b c', '((a and b) and c)'],
  ['a AND b', '(a and b)'],
  ['a OR b', '(a or b)'],
  ['a b OR c d', '((a and b) or (c and d))'],
  ['a OR b AND c', '(a or (b and c))'],
  ['a OR b OR c', '((a or b) or c)'],
  ['NOT a', '!a'],
  ['NOT NOT a', '!!a'],
  ['a NOT b', '(a and !b)'],
  ['NOT a b', '(!a and b)'],
  ['NOT (a b)', '!(a and b)'],
  ['NOT a OR b', '(!a or b)'],
  ['a (b OR c)', '(a and (b or c))'],
  ['(a)(b)', '(a and b)'],
  ['a"b c"', '(a and "b c")'],
  ['"a b"', '"a b"'],
  ['"OR"', 'or'],
  ['or', 'or'],
  ['not and', '(not and and)'],
  ['ANDES', 'andes'],
  ['"say \\"hello\\" \\\\ now"', '"say hello now"'],
  ['203.0.113.9', '"203 0 113 9"'],
  ['evil.example/pa-th', '"evil example pa th"'],
  ['2001:db8::1', '"2001 db8 1"'],
  ["O'Brien", '"o brien"'],
  ['grüße ÉTÉ 日本語', '((grüße and été) and 日本語)'],
  ['𝒜lpha 🚫x', '(𝒜lpha and x)'],
  ['a\u0000b', '"a b"'],
  ['a\u00a0b', '(a and b)'],
  [nested(16), 'a'],
  [`a ${'x'.repeat(128)}`, `(a and ${'x'.repeat(128)})`],
];

const BAD: readonly (readonly [text: string, says: RegExp])[] = [
  ['', /empty/],
  ['   ', /empty/],
  ['"a', /At character 1: the quotation mark/],
  ['a "b c', /At character 3: the quotation mark/],
  ['a "b\\"', /the quotation mark/],
  ['"a\\b"', /the quotation mark/],
  ['""', /At character 1: this has no letter/],
  ['" "', /no letter/],
  ['a !', /At character 3: this has no letter/],
  ['🚫', /no letter/],
  ['*', /no letter/],
  ['OR', /At character 1: "OR" stands where a word/],
  ['AND a', /At character 1: "AND"/],
  ['a OR', /At the end/],
  ['a AND', /At the end/],
  ['NOT', /At the end/],
  ['a NOT', /At the end/],
  ['a OR OR b', /At character 6: "OR"/],
  ['a AND OR b', /At character 7: "OR"/],
  ['a OR AND b', /At character 6: "AND"/],
  ['NOT OR a', /At character 5: "OR"/],
  ['(', /At the end/],
  [')', /At character 1: "\)"/],
  ['()', /At character 2: "\)"/],
  ['(a', /At character 1: the parenthesis is not closed/],
  ['a (b OR (c)', /At character 3: the parenthesis/],
  ['a)', /At character 2: nothing opened/],
  ['(a))', /At character 4: nothing opened/],
  ['(a OR)', /At character 6: "\)"/],
  [nested(17), /at most 16 deep/],
  [`${'NOT '.repeat(17)}a`, /at most 16 deep/],
  ['('.repeat(2_000), /at most 16 deep/],
  [words(51), /at most 50 words/],
  [Array.from({ length: 26 }, () => 'a.b').join(' OR '), /at most 50 words/],
  [`a ${'x'.repeat(129)}`, /At character 3: a word that is searched for has at most 128 characters/],
  [`"a b.${'İ'.repeat(65)}"`, /at most 128 characters/],
  ['a'.repeat(2_049), /longer than 2048 characters/],
];

describe('readSearch', () => {
  it.each(GOOD)('reads %j', (text, wanted) => {
    expect(shown(readSearch(text))).toBe(wanted);
  });

  it.each(BAD)('refuses %j', (text, says) => {
    expect(() => readSearch(text)).toThrow(
      expect.objectContaining({
        code: 'badRequest',
        inner: 'invalidQueryOption',
        target: '$search',
        message: expect.stringMatching(says),
      }),
    );
  });

  it('reads the largest search', () => {
    expect(() => readSearch(words(50))).not.toThrow();
    expect(() => readSearch('a'.padEnd(2_048, '.'))).not.toThrow();
  });

  it('takes time in proportion to the text', () => {
    const texts = ['"', '\\', '" ', '"\\', ' ', 'a ', '(', 'NOT ', '\u00a0'].map((piece) =>
      piece.repeat(2_048 / piece.length),
    );
    const startedAt = performance.now();
    for (const text of texts) expect(() => readSearch(text)).toThrow();
    expect(performance.now() - startedAt).toBeLessThan(100);
  });
});
