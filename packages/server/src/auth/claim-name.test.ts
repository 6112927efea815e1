import { describe, expect, it } from 'vitest';
import { findClaim, findFirstClaim } from './claim-name.ts';

describe('a claim name', () => {
  const claims = {
    roles: ['a'],
    'https://x.example/roles': ['b'],
    realm_access: { roles: ['c'] },
    'a.b': 'whole',
    a: { b: 'nested' },
    resource_access: { 'my.client': { roles: ['d'] } },
    list: [{ x: 1 }],
    nothing: null,
  };

  it.each([
    ['roles', ['a']],
    ['https://x.example/roles', ['b']],
    ['realm_access.roles', ['c']],
    ['a.b', 'whole'],
    [['a', 'b'], 'nested'],
    [['resource_access', 'my.client', 'roles'], ['d']],
    ['resource_access.my.client.roles', undefined],
    ['list.0.x', undefined],
    ['roles.0', undefined],
    ['toString', undefined],
    ['realm_access.constructor', undefined],
    ['__proto__', undefined],
    ['nothing.x', undefined],
    ['', undefined],
  ])('%j reads as %j', (name, value) => {
    expect(findClaim(claims, name)).toEqual(value);
  });

  it('of several gives the first that holds something', () => {
    expect(findFirstClaim(claims, ['missing', 'nothing', 'roles', 'a.b'])).toEqual(['a']);
  });
});
