import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Answer } from '../connector.ts';
import { Secret } from '../secret.ts';
import { aCall } from '../testing/call-builder.ts';
import { freePort } from '../testing/run-product.ts';
import { selfMadeCertificate } from '../testing/self-made-certificate.ts';
import { ldap } from './connector.ts';
import { type OpenLdap, startOpenLdap, userDn } from './testing/openldap-product.ts';
import { NO_PORTS, openLdapKeys, TENANT } from './testing/openldap-under-test.ts';
import { takeTlsOff } from './testing/tls-ends.ts';

const call = aCall({ tenantId: TENANT, action: 'DisableUser', target: { kind: 'user', value: 'sample-0' } });
const OURS = { kind: 'unavailable', fault: 'ours' };

describe.skipIf(!requirement('openldap').ok)('how the connector ldap gets into OpenLDAP', () => {
  let product: OpenLdap;
  let bare: OpenLdap;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-ldap-access-'));
  const stranger = path.join(folder, 'stranger.pem');

  beforeAll(async () => {
    writeFileSync(stranger, selfMadeCertificate('localhost').cert);
    [product, bare] = await Promise.all([startOpenLdap({ users: 3 }), startOpenLdap({ users: 1, hasOverlay: false })]);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await Promise.all([product?.stop(), bare?.stop()]);
  });

  /** One apply, one look and one list by a connector of its own. */
  async function tries(changes: Readonly<Record<string, unknown>>): Promise<readonly [Answer, unknown, unknown]> {
    const connector = ldap.open({ name: 'directory', own: { ...openLdapKeys(product.port), ...changes } }, NO_PORTS);
    const signal = AbortSignal.timeout(12_000);
    try {
      const answer = await connector.apply(call, signal);
      const presence = await connector.verify?.(call, signal);
      const listed = await connector.list?.(TENANT, signal).catch((error: Error) => error.message);
      return [answer, presence, listed];
    } finally {
      await connector.close();
    }
  }

  it.each([
    ['ldaps', () => ({ url: `ldaps://localhost:${product.tlsPort}`, ca: product.ca })],
    ['ldap with StartTLS', () => ({ url: `ldap://localhost:${product.port}`, startTls: true, ca: product.ca })],
    ['ldap on loopback', () => ({ url: `ldap://127.0.0.1:${product.port}/` })],
  ])('does by %s', async (_, changes) => {
    const [answer, presence] = await tries(changes());
    expect([answer, presence]).toMatchObject([{ kind: 'done', level: 'reported' }, { kind: 'present' }]);
    await product.clear();
  });

  it.each([
    [
      'a stranger vouches',
      () => ({ url: `ldaps://localhost:${product.tlsPort}`, ca: stranger }),
      /certificate .* not to be trusted/,
    ],
    ['nobody vouches', () => ({ url: `ldaps://localhost:${product.tlsPort}` }), /certificate .* Set ca/],
    ['it is for another name', () => ({ url: `ldaps://127.0.0.1:${product.tlsPort}`, ca: product.ca }), /certificate/],
    [
      'a stranger vouches, by StartTLS',
      () => ({ url: `ldap://localhost:${product.port}`, startTls: true, ca: stranger }),
      /certificate/,
    ],
    ['the password is wrong', () => ({ password: new Secret('wrong') }), /\(49\). Check bindDn and password/],
    ['the account is unknown', () => ({ bindDn: 'cn=nobody,dc=example,dc=org' }), /\(49\)/],
    ['the account is no name', () => ({ bindDn: 'cn=a,b' }), /\(34: invalid DN\)/],
    ['the base is unknown', () => ({ base: 'ou=nowhere,dc=example,dc=org' }), /32 to a search.* Check base/],
    ['the account may not write', () => ({ bindDn: userDn('sample-1'), password: new Secret('sample-1-pw') }), /.*/],
    [
      'no overlay stands over the users',
      () => ({ url: `ldap://127.0.0.1:${bare.port}` }),
      /12 to a modify.* overlay ppolicy/,
    ],
  ])('says what to do where %s', async (title, changes, words) => {
    const [answer, presence] = await tries(changes());
    if (title === 'the account may not write') expect(answer.kind).toBeOneOf(['refused', 'unavailable']);
    else expect(answer).toMatchObject({ ...OURS, message: expect.stringMatching(words) });
    if (!/overlay|may not write/.test(title)) expect(presence).toMatchObject({ kind: 'unknown', fault: 'ours' });
    expect(await product.search('(pwdStartTime=*)', 'uid')).toEqual([]);
    expect(await bare.search('(pwdStartTime=*)', 'uid')).toEqual([]);
  });

  it('says so where nothing listens, and where nothing answers', async () => {
    const [answer, presence, listed] = await tries({ url: `ldap://127.0.0.1:${await freePort()}` });
    expect(answer).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('cannot be reached') });
    expect(answer).not.toHaveProperty('fault');
    expect(presence).toMatchObject({ kind: 'unknown' });
    expect(listed).toContain('cannot be reached');
    const [named] = await tries({ url: `ldaps://directory.invalid` });
    expect(named).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('cannot be reached') });
  });

  it('speaks no TLS with who does not, and no LDAP in the clear with who was asked for TLS', async () => {
    const [whole] = await tries({ url: `ldaps://localhost:${product.port}`, ca: product.ca });
    expect(whole).toMatchObject({ kind: 'unavailable' });
    const heard: Buffer[] = [];
    const deaf = createServer((socket) => {
      socket.on('data', (bytes) => {
        heard.push(bytes);
        // protocolError to StartTLS, and a success of a bind that nobody asked for behind it.
        socket.write(Buffer.from('300c02010178070a010204000400300c02010261070a010004000400', 'hex'));
      });
    }).listen(0, '127.0.0.1');
    await expect.poll(() => deaf.address()).not.toBeNull();
    const { port } = deaf.address() as { port: number };
    const [started] = await tries({ url: `ldap://localhost:${port}`, startTls: true, ca: product.ca });
    expect(started).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('does not start TLS (2)') });
    const [whatWasSaid] = [Buffer.concat(heard).toString('latin1')];
    expect(whatWasSaid).not.toContain('interdict');
    deaf.close();
  });

  it('gives up a directory that takes the connection and says nothing, and others wait no longer', async () => {
    const mute = createServer(() => undefined).listen(0, '127.0.0.1');
    await expect.poll(() => mute.address()).not.toBeNull();
    const { port } = mute.address() as { port: number };
    const connector = ldap.open({ name: 'directory', own: openLdapKeys(port) }, NO_PORTS);
    const begun = Date.now();
    expect(await connector.apply(call, AbortSignal.timeout(300))).toMatchObject({ kind: 'unavailable' });
    expect(Date.now() - begun).toBeLessThan(3_000);
    await connector.close();
    mute.close();
  });

  it('opens again a connection that broke, and one that the directory ended', async () => {
    const end = await takeTlsOff(selfMadeCertificate('localhost'), () => ({ host: '127.0.0.1', port: product.port }));
    await end.close();
    const connector = ldap.open({ name: 'directory', own: openLdapKeys(product.port) }, NO_PORTS);
    const signal = AbortSignal.timeout(10_000);
    expect(await connector.apply(call, signal)).toMatchObject({ kind: 'done' });
    await product.restart();
    await expect.poll(async () => (await connector.verify?.(call, signal))?.kind, { timeout: 3_000 }).toBe('present');
    expect(await connector.release(call, signal)).toMatchObject({ kind: 'done' });
    await connector.close();
    await connector.close();
    expect(await connector.apply(call, signal)).toMatchObject({ kind: 'unavailable' });
  });
});
