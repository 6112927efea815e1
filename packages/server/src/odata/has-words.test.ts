import { describe, expect, it } from 'vitest';
import { hasWords, wantsWords } from './has-words.ts';
import { readSearch } from './search.ts';
import { searchedTexts } from './searched-texts.ts';
import { wordsOf } from './words.ts';

const TEXTS = ['Block the C2 server', 'beacon to 203.0.113.9, twice', 'ΟΔΟΣ.Α İstanbul Straße', '𝒜lpha\u0000omega'];

const CASES: readonly (readonly [search: string, isThere: boolean])[] = [
  ['c2', true],
  ['C2 SERVER', true],
  ['"c2 server"', true],
  ['"server c2"', false],
  ['"server beacon"', false],
  ['server beacon', true],
  ['serv', false],
  ['203.0.113.9', true],
  ['203.0.113', true],
  ['0.203', false],
  ['113.9,twice', true],
  ['nothing OR twice', true],
  ['nothing OR never', false],
  ['NOT nothing', true],
  ['NOT twice', false],
  ['beacon NOT twice', false],
  ['beacon NOT (twice nothing)', true],
  ['NOT NOT beacon', true],
  ['οδος', true],
  ['ΟΔΟΣ', true],
  ['straße', true],
  ['strasse', false],
  ['𝒜lpha', true],
  ['alpha', false],
  ['omega', true],
  ['"𝒜lpha omega"', true],
];

describe('hasWords', () => {
  it.each(CASES)('%s: %s', (search, isThere) => {
    expect(hasWords(readSearch(search), TEXTS)).toBe(isThere);
  });

  it('does not take the beginning of a longer word for the longest that is searched for', () => {
    const longest = 'x'.repeat(128);
    expect(hasWords(readSearch(longest), [longest])).toBe(true);
    expect(hasWords(readSearch(longest), [`${longest}y`, 'x'.repeat(300)])).toBe(false);
  });

  it('finds nothing in nothing', () => {
    expect(hasWords(readSearch('a'), [])).toBe(false);
    expect(hasWords(readSearch('NOT a'), [])).toBe(true);
  });
});

it.each([
  ['a', true],
  ['NOT a', false],
  ['NOT NOT a', true],
  ['a NOT b', true],
  ['a OR NOT b', false],
  ['NOT a NOT b', false],
  ['(a OR b) NOT c', true],
])('%s wants words: %s', (search, wants) => {
  expect(wantsWords(readSearch(search))).toBe(wants);
});

describe('wordsOf', () => {
  it.each([
    ['', []],
    ['...', []],
    ['a_b', ['a', 'b']],
    ['e\u0301té', ['e\u0301té']],
    ['x'.repeat(300), ['x'.repeat(129)]],
    [`${'x'.repeat(128)}𝒜`, [`${'x'.repeat(128)}\ufffd`]],
    ['\ud835a', ['a']],
    ['½ ² ٣', ['½', '²', '٣']],
  ])('of %j', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });
});

it('searches the declared texts of an entity, and no others', () => {
  const entity = {
    id: 'no',
    actionReason: 'reason',
    appId: 'no',
    clientContext: 'context',
    name: 'name',
    parameters: [{ name: 'no', value: 'no' }],
    states: [{ user: 'no' }],
    user: 'user',
    vendorInformation: { provider: 'Sent', vendor: 'no' },
    extra: 'no',
    enforcement: { provider: 'sent', target: 'ip:203.0.113.9', action: 'no' },
  };
  expect([...searchedTexts(entity)].sort()).toEqual(
    ['Sent', 'context', 'ip:203.0.113.9', 'name', 'reason', 'sent', 'user'].sort(),
  );
  expect(searchedTexts({ name: null, vendorInformation: null, enforcement: { state: 'none' } })).toEqual([]);
});
