import { expect, it } from 'vitest';
import { isSameDn } from './same-dn.ts';

it.each([
  ['cn=interdict,dc=example', 'CN=Interdict, DC=Example'],
  ['cn=a\\,b,dc=x', 'cn=a\\2Cb , dc = x'],
  ['cn=abc,dc=x', 'cn=\\61b\\63,dc=x'],
  ['cn=a\\\\,dc=x', 'cn=a\\5c,dc=x'],
])('%s is %s', (one, other) => {
  expect(isSameDn(one, other)).toBe(true);
});

it.each([
  ['cn=a\\,dc=x,dc=x', 'cn=a,dc=x,dc=x'],
  ['cn=a,dc=x', 'cn=a,dc=x,dc=x'],
  ['cn=a\\+b,dc=x', 'cn=a+b,dc=x'],
])('%s is not %s', (one, other) => {
  expect(isSameDn(one, other)).toBe(false);
});
