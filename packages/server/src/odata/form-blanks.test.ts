import { describe, expect, it } from 'vitest';
import { withBlanks } from './form-blanks.ts';

const read = (raw: string, hasLiterals = true): string => decodeURIComponent(withBlanks(raw, hasLiterals));
const asForm = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

describe('pluses in the value of an option', () => {
  it.each([
    "status eq 'Running'",
    "contains(actionReason,'a+b') and status eq 'Running'",
    "contains(actionReason,'a b')",
    "contains(actionReason,'a+b')",
    'createdDateTime ge 2026-01-01T00:00:00+05:30',
    'createdDateTime desc,name',
    '"203.0.113.15" OR ticket',
    "name eq 'O''Neil + sons'",
    '',
  ])('are blanks where a form was encoded: "%s"', (text) => {
    expect(read(asForm(text))).toBe(text);
    expect(read(encodeURIComponent(text))).toBe(text);
    expect(read(encodeURI(text))).toBe(text);
  });

  it.each([
    ["name+eq+'a'", "name eq 'a'"],
    ["name+eq+'a+b'", "name eq 'a b'"],
    ["name+eq+'a%2Bb'", "name eq 'a+b'"],
    ["contains(name,'a%2Bb')+and+status+eq+'Running'", "contains(name,'a+b') and status eq 'Running'"],
    ['createdDateTime+ge+2023-01-01T00:00:00%2B05:30', 'createdDateTime ge 2023-01-01T00:00:00+05:30'],
    ['"203.0.113.15"+OR+ticket', '"203.0.113.15" OR ticket'],
    ['phishing+wave', 'phishing wave'],
    ["startswith(name,'C%2B%2B+x')", "startswith(name,'C++ x')"],
  ])('are blanks where they stand between words: "%s"', (raw, text) => {
    expect(read(raw)).toBe(text);
  });

  it.each(["it's+bob's", "'a+b'", '"a+b"'])('are blanks in all of a search: %s', (raw) => {
    expect(read(raw, false)).toBe(raw.replaceAll('+', ' '));
  });

  it.each([
    ["contains(name,'a+b')", "contains(name,'a+b')"],
    ['contains(name,%27a+b%27)', "contains(name,'a+b')"],
    ["contains(name,'O''Neil+sons')", "contains(name,'O''Neil+sons')"],
    ["name%20eq%20'a+b'", "name eq 'a+b'"],
    ["name eq 'a+b'", "name eq 'a+b'"],
    ['createdDateTime%20ge%202026-01-01T00:00:00+03:00', 'createdDateTime ge 2026-01-01T00:00:00+03:00'],
  ])('stand for themselves in "%s"', (raw, text) => {
    expect(read(raw)).toBe(text);
  });
});
