import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonFault, lookAtJson } from './json-scan.ts';

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

  it('finds nothing where the quick way finds nothing, on texts with names twice, forbidden names and many levels', () => {
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
    const seen = { faults: 0, plain: 0 };
    fc.assert(
      fc.property(value, (text) => {
        const hasFault = findJsonFault(String(text), 4) !== undefined;
        const { isPlain } = lookAtJson(String(text), JSON.parse(String(text)), 4);
        if (hasFault) seen.faults += 1;
        if (isPlain) seen.plain += 1;
        expect(isPlain && hasFault).toBe(false);
      }),
      { numRuns: 2_000 },
    );
    expect(seen.faults).toBeGreaterThan(50);
    expect(seen.plain).toBeGreaterThan(500);
  });

  it.each([
    ['{"a":1}', true],
    ['[[-0.5]]', true],
    ['{"a":"1","b":[null,true]}', false],
  ])('sees whether %s has numbers', (text, hasNumbers) => {
    expect(lookAtJson(text, JSON.parse(text), 9)).toEqual({ isPlain: true, hasNumbers });
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
