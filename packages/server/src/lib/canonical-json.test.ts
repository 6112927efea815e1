import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, sha256 } from './canonical-json.ts';

/** The same value with the members of every object written the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}

describe('canonical JSON', () => {
  it.each<[string, unknown, string]>([
    ['puts members in the order of their names', { b: 1, a: 2 }, '{"a":2,"b":1}'],
    ['orders members at every depth', [{ d: { z: 1, y: [{ x: 1, w: 2 }] } }], '[{"d":{"y":[{"w":2,"x":1}],"z":1}}]'],
    ['leaves lists in their order', [3, 1, 2], '[3,1,2]'],
    ['orders by code unit, not by language', { é: 1, z: 2, Z: 3, '-': 4 }, '{"-":4,"Z":3,"z":2,"é":1}'],
    ['puts names that are numbers first, in their order', { a: 0, 10: 1, 9: 2 }, '{"9":2,"10":1,"a":0}'],
    ['escapes as JSON does', { 'a"\\\n': '\u0001"' }, '{"a\\"\\\\\\n":"\\u0001\\""}'],
    ['keeps a literal', [true, false, null, '', 0, -0, 1e21], '[true,false,null,"",0,0,1e+21]'],
    ['takes a member without a value for none', { a: undefined, b: [undefined] }, '{"b":[null]}'],
    ['has a member of any name', JSON.parse('{"b":1,"__proto__":2}'), '{"__proto__":2,"b":1}'],
    ['writes what is empty', [{}, []], '[{},[]]'],
  ])('%s', (_promise, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('gives equal values equal text, however they were written, and loses nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (any) => {
        const value: unknown = JSON.parse(JSON.stringify(any));
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(value);
      }),
    );
  });
});

describe('SHA-256', () => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['ü', '607474ca475a9724d7360aba71a56d5df77e61350e3f724cfa1f46e857e2d85f'],
  ])('of the UTF-8 bytes of "%s" is the published one', (text, digest) => {
    expect(sha256(text)).toBe(digest);
  });
});
