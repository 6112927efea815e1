import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Secret } from '../secret.ts';
import { ldap } from './connector.ts';
import { NO_PORTS } from './testing/openldap-under-test.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-ldap-config-'));
const noPem = path.join(folder, 'no.pem');
writeFileSync(noPem, 'hostile');
afterAll(() => rmSync(folder, { recursive: true }));

const KEYS = {
  url: 'ldaps://directory.example',
  dialect: 'ppolicy',
  bindDn: 'cn=interdict,dc=example,dc=org',
  password: new Secret('a password'),
  base: 'dc=example,dc=org',
  userAttribute: 'uid',
};
const open = (changes: object) => ldap.open({ name: 'directory', own: { ...KEYS, ...changes } }, NO_PORTS);

describe('the configuration of a directory', () => {
  it.each<[string, object]>([
    ['ldaps', {}],
    ['ldaps with a port, by an address', { url: 'ldaps://[2001:db8::9]:1636' }],
    ['ldap with StartTLS', { url: 'ldap://directory.example', startTls: true }],
    ['ldap on loopback', { url: 'ldap://127.0.0.1:389' }],
    ['ldap on loopback by its name', { url: 'ldap://localhost' }],
    ['ldap on loopback in IPv6', { url: 'ldap://[::1]/' }],
    ['Active Directory', { dialect: 'activeDirectory', userAttribute: 'userPrincipalName' }],
    ['a grace', { grace: 'P1DT2H' }],
  ])('may be %s', async (_, changes) => {
    await open(changes).close();
  });

  it.each<[string, object, string]>([
    ['ldap beyond loopback', { url: 'ldap://directory.example' }, 'in the clear'],
    ['a name that looks like loopback', { url: 'ldap://127.0.0.1.evil.example' }, 'in the clear'],
    ['ldaps with StartTLS', { startTls: true }, 'startTls'],
    ['another scheme', { url: 'https://directory.example' }, 'ldaps://host'],
    ['a path', { url: 'ldaps://directory.example/dc=example' }, 'ldaps://host'],
    ['a user name', { url: 'ldaps://me@directory.example' }, 'ldaps://host'],
    ['no host', { url: 'ldaps://' }, 'ldaps://host'],
    ['a host that is none', { url: 'ldaps://a b' }, 'ldaps://host'],
    ['an empty password, which would bind as nobody', { password: new Secret('') }, 'anonymous'],
    ['an account that is no name', { bindDn: 'nobody' }, 'distinguished name'],
    ['a ca that is not there', { ca: '/nowhere/ca.pem' }, 'ENOENT'],
    ['a ca that is a folder', { ca: folder }, 'EISDIR'],
    ['a ca that is no PEM', { ca: noPem }, 'no PEM'],
    ['a ca by a path that is not absolute', { ca: 'ca.pem' }, 'absolute'],
    ['a grace that is none', { grace: 'an hour' }, 'duration'],
    ['a grace that is too short', { grace: 'PT59S' }, 'duration'],
    ['a grace for Active Directory', { dialect: 'activeDirectory', grace: 'PT1H' }, 'ppolicy'],
  ])('is not %s', (_, changes, words) => {
    expect(() => open(changes)).toThrow(words);
  });

  it('says whom it speaks to, and what it has for itself', () => {
    const settings = {
      name: 'directory',
      own: { ...KEYS, url: 'ldaps://Directory.Example:1636', base: 'DC=Example, dc=org' },
    };
    expect(ldap.hostsOf?.(settings)).toEqual(['directory.example']);
    expect(ldap.hostsOf?.({ name: 'directory', own: {} })).toEqual([]);
    expect(ldap.exclusiveOf?.(settings)).toBe('the users of directory.example below dc=example,dc=org');
  });
});
