import { expect, test } from 'vitest';
import { secretsHider, toMessage } from './message.ts';

test.each([
  ['one\r\ntwo\tthree\0', 'one two three'],
  ['\u001b[31mred\u001b[0m\u009b1m', '[31mred [0m 1m'],
  ['a\u202eb\u2066c\u200bd\ufeffe\u2028f', 'a b c d e f'],
  ['half \ud83d of it', 'half of it'],
  ['whole \u{1f600}', 'whole \u{1f600}'],
  [' \n ', ''],
])('%j becomes one printable line', (text, expected) => {
  expect(toMessage(text)).toBe(expected);
});

test('is cut to 300 characters, and not through one', () => {
  expect(toMessage('x'.repeat(300))).toBe('x'.repeat(300));
  expect(toMessage('x'.repeat(301))).toBe(`${'x'.repeat(299)}…`);
  const cut = toMessage(`${'x'.repeat(298)}\u{1f600}\u{1f600}`);
  expect(cut).toBe(`${'x'.repeat(298)}…`);
});

test('hides every secret', () => {
  expect(secretsHider(['whsec_abc', 'abc'])('whsec_abc, abc and ab')).toBe('***, *** and ab');
});
