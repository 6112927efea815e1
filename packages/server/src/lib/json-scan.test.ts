import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonFault } from './json-scan.ts';

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
