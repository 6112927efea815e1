import { describe, expect, it } from 'vitest';
import { parseFilter } from './filter/parse-filter.ts';
import { readWithBlanks, withBlanks } from './form-blanks.ts';

describe('pluses', () => {
  it.each([
    ["name+eq+'a'", "name eq 'a'"],
    [
      "createdDateTime+ge+2026-01-01T00:00:00Z+and+status+eq+'Running'",
      "createdDateTime ge 2026-01-01T00:00:00Z and status eq 'Running'",
    ],
  ])('are blanks where "%s" cannot be read otherwise', (text, meant) => {
    expect(readWithBlanks(text, parseFilter)).toEqual(parseFilter(meant));
  });

  it.each(["contains(name,'a+b')", "name eq 'a+b'", 'createdDateTime ge 2026-01-01T00:00:00+03:00'])(
    'stand for themselves in "%s"',
    (text) => {
      expect(readWithBlanks(text, parseFilter)).toEqual(parseFilter(text));
    },
  );

  it.each([
    ["name eq 'a'+", "name eq 'a'+"],
    ['name+eq+', 'name eq '],
    ['errorInfo/code+add+1+eq+2', 'errorInfo/code add 1 eq 2'],
  ])('that help nothing leave the refusal of what is meant: "%s"', (text, meant) => {
    const refused = (read: () => unknown): string => {
      try {
        read();
      } catch (refusal) {
        return (refusal as Error).message;
      }
      throw new Error('It was read.');
    };
    expect(refused(() => readWithBlanks(text, parseFilter))).toBe(refused(() => parseFilter(meant)));
  });

  it.each([
    ['"203.0.113.15"+OR+ticket', '"203.0.113.15" OR ticket'],
    ['phishing+wave', 'phishing wave'],
    ['a+b c', 'a+b c'],
  ])('in a search part words where "%s" has no blank', (text, meant) => {
    expect(withBlanks(text)).toBe(meant);
  });
});
