import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonFault, isPlainJson } from './json-scan.ts';

describe('findJsonFault', () => {
  it.each([
    ['{"a":1,"a":2}', { kind: 'duplicate', path: 'a' }],
    ['{"a":1,"\\u0061":2}', { kind: 'duplicate', path: 'a' }],
    ['{"p":[{"x":1},{"name":1,"name":2}]}', { kind: 'duplicate', path: 'p/1/name' }],
    ['{"__proto__":{}}', { kind: 'forbidden', path: '__proto__' }],
    ['{"a":{"\\u005f_proto__":1}}', { kind: 'forbidden', path: 'a/__proto__' }],
    ['{"constructor":1}', { kind: 'forbidden', path: 'constructor' }],
    ['[[[[1]]]]', { kind: 'tooDeep', path: '0/0/0' }],
  ])('finds what is wrong with %s', (text, fault) => {
    expect(findJsonFault(text, 3)).toEqual(fault);
  });

  it.each([
    '{"a":{"b":1},"b":{"b":2}}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":"\\\\","b":"\\\\\\""}',
    '{"a":"__proto__"}',
    '[1,"a","a",{"a":[]}]',
    '"{"',
    '',
    '{"a',
  ])('lets %s pass', (text) => {
    expect(findJsonFault(text, 3)).toBeUndefined();
  });

  it('agrees with the quick way, on texts with names twice, forbidden names and many levels', () => {
    const name = fc.constantFrom('a', 'b', '\\u0061', '\\"', '__proto__', 'x');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom('1', 'null', '"a"', '"\\":"', '" : "', '{}', '[]'),
        fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(' , ')}]`),
        fc
          .array(fc.tuple(name, tie('value')), { maxLength: 3 })
          .map((members) => `{${members.map(([key, member]) => `"${key}" : ${String(member)}`).join(',')}}`),
      ),
    }));
    let faults = 0;
    fc.assert(
      fc.property(value, (text) => {
        const isPlain = findJsonFault(String(text), 4) === undefined;
        faults += isPlain ? 0 : 1;
        expect(isPlainJson(String(text), JSON.parse(String(text)), 4)).toBe(isPlain);
      }),
      { numRuns: 2_000 },
    );
    expect(faults).toBeGreaterThan(50);
  });

  it('agrees with a reader that keeps every member, on any value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        const fault = findJsonFault(text, 100);
        const names = /"(__proto__|constructor|prototype)":/.test(text);
        expect(fault === undefined || names).toBe(true);
      }),
    );
  });

  it('takes time in proportion to the text', () => {
    const deep = '['.repeat(1_000_000);
    const quotes = `"${'\\'.repeat(999_999)}"`;
    const started = performance.now();
    expect(findJsonFault(deep, 32)?.kind).toBe('tooDeep');
    findJsonFault(quotes, 32);
    findJsonFault(`{${'"a":1,'.repeat(100_000)}}`, 32);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
