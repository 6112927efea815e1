import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance, nearestName } from './nearest-name.ts';

const word = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', 'c') });

describe('the distance of two texts', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['abc', 'abd', 1],
    ['abc', 'abcd', 1],
    ['abc', 'bc', 1],
    ['abc', 'acb', 1],
    ['abcd', 'badc', 2],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
    ['Abc', 'abc', 1],
  ])('%j to %j is %i', (one, other, distance) => {
    expect(editDistance(one, other)).toBe(distance);
  });

  it('is the same both ways, and no greater than the longer text', () => {
    fc.assert(
      fc.property(word, word, (one, other) => {
        const distance = editDistance(one, other);
        expect(distance).toBe(editDistance(other, one));
        expect(distance === 0).toBe(one === other);
        expect(distance).toBeLessThanOrEqual(Math.max(one.length, other.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(one.length - other.length));
      }),
    );
  });
});

describe('the name that a mistyped one meant', () => {
  const actions = ['BlockIp', 'BlockDomain', 'BlockUrl', 'IsolateHost'];

  it.each([
    ['BlockIP', 'BlockIp'],
    ['blokcip', 'BlockIp'],
    ['BlockUr', 'BlockUrl'],
    ['BlockUrls', 'BlockUrl'],
    ['IsolatHost', 'IsolateHost'],
    ['block-domain', 'BlockDomain'],
  ])('"%s" is "%s"', (mistyped, meant) => {
    expect(nearestName(mistyped, actions)).toBe(meant);
  });

  it.each(['', 'Quarantine', 'BlockIp'.repeat(9)])('"%s" is near none', (mistyped) => {
    expect(nearestName(mistyped, actions)).toBeUndefined();
  });

  it('is the nearest of several that are near', () => {
    expect(nearestName('name2', ['name', 'name22', 'name1', 'name2x'])).toBe('name');
    expect(nearestName('targetvalue', ['targetName', 'targetValu'])).toBe('targetValu');
  });

  it('may be two letters away where it is short, and a third of its letters where it is long', () => {
    expect(nearestName('IPv4', ['IP'])).toBe('IP');
    expect(nearestName('IPv4s', ['IP'])).toBeUndefined();
    expect(nearestName('vndrInfrmatn', ['vendorInformation'])).toBe('vendorInformation');
    expect(nearestName('vndrInfrmt', ['vendorInformation'])).toBeUndefined();
  });

  it('is not looked for where so much was sent that looking would take long', () => {
    expect(nearestName('x'.repeat(65), ['x'.repeat(66)])).toBeUndefined();
    expect(nearestName('x'.repeat(64), ['x'.repeat(66)])).toBe('x'.repeat(66));
  });

  it('is none where none is known', () => {
    expect(nearestName('BlockIp', [])).toBeUndefined();
  });

  it('stands as a question behind a sentence, or not at all', () => {
    expect(didYouMean('BlokIp', actions)).toBe(' Did you mean "BlockIp"?');
    expect(didYouMean('Quarantine', actions)).toBe('');
  });
});
