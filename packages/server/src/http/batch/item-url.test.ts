import { expect, it } from 'vitest';
import { readItemUrl } from './item-url.ts';

const place = { root: 'beta', base: 'https://interdict.example', host: '10.0.0.1:8443' } as const;

it.each([
  ['security/x', 'beta', '/security/x', ''],
  ['/V1.0/security/x?a=b c', 'v1.0', '/security/x', 'a=b c'],
  ['https://interdict.example/beta/security/x', 'beta', '/security/x', ''],
  ['HTTPS://Interdict.Example:443/v1.0/security/x', 'v1.0', '/security/x', ''],
  ['https://10.0.0.1:8443/security/x', 'beta', '/security/x', ''],
  ['http://interdict.example?x', 'beta', '/', 'x'],
  ['/localtest/security/x', 'localtest', '/security/x', ''],
])('finds %s', (url, root, path, query) => {
  expect(readItemUrl(url, place)).toEqual({ root, path, query });
});

it.each([
  'https://interdict.example.evil/beta/x',
  'https://interdict.example:8443/x',
  'https://interdict.example@evil/x',
  'https://evil@interdict.example/x',
  'https:interdict.example/x',
  'https:///x',
  'http://interdict.example:443/x',
  'file:///etc/passwd',
])('stays here: %s', (url) => {
  expect(() => readItemUrl(url, place)).toThrow(/leads elsewhere/);
});
