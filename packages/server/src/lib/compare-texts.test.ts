import { expect, it } from 'vitest';
import { compareTexts } from './compare-texts.ts';

/** In order of code points, half a surrogate pair among them: UTF-16 has the pairs before U+E000. */
const ORDERED = [
  '',
  'A',
  'a',
  'aa',
  'é',
  '\ud800',
  '\ud800\ud800',
  '\ud83d',
  '\ude00',
  '\ufffd',
  '\u{1f600}',
  '\u{10ffff}',
];

it('compares texts by code points', () => {
  for (const [one, text] of ORDERED.entries()) {
    for (const [other, second] of ORDERED.entries()) {
      for (const before of ['', 'x', '\u{1f600}']) {
        expect(Math.sign(compareTexts(before + text, before + second))).toBe(Math.sign(one - other));
      }
    }
  }
});
