import { describe, expect, it } from 'vitest';
import { parseFilter } from './filter/parse-filter.ts';
import { readWithBlanks } from './form-blanks.ts';

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

  it.each(["name eq 'a'+", 'name+eq+', '+'])('help nothing in "%s": the first refusal stands', (text) => {
    const refused = (read: () => unknown): string => {
      try {
        read();
      } catch (refusal) {
        return (refusal as Error).message;
      }
      throw new Error('It was read.');
    };
    expect(refused(() => readWithBlanks(text, parseFilter))).toBe(refused(() => parseFilter(text)));
  });
});
