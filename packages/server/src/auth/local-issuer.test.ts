import { PERMISSIONS } from '@interdict/contract';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { createAuthenticator } from './authenticate.ts';
import { authorize } from './authorize.ts';
import { createInstallKey } from './install-key.ts';
import { createLocalIssuer, LOCAL_APP_ID, LOCAL_TENANT_ID } from './local-issuer.ts';
import { createHandClock } from './testing/hand-clock.ts';
import { PERSONAL, TENANT_A, TENANT_B } from './testing/token-bases.ts';

const [READ, WRITE, APPROVE, AUDIT] = PERMISSIONS;
const clock = createHandClock();
const issuerOf = (letter: string) => createLocalIssuer(createInstallKey(Buffer.alloc(32, letter)), clock);
const local = issuerOf('a');
const authenticator = createAuthenticator({ issuers: [], localIssuer: local, clock });
const ask = (token: string) => authenticator.authenticate(`Bearer ${token}`);

describe('the local issuer', () => {
  it('makes tokens of an application, which are accepted without any network', async () => {
    expect(await ask(await local.mint({ permissions: [READ, WRITE, AUDIT] }))).toMatchObject({
      tenantId: LOCAL_TENANT_ID,
      appId: LOCAL_APP_ID,
      user: null,
      kind: 'application',
      permissions: new Set([READ, WRITE, AUDIT]),
      expiresAtMs: clock.now() + 3_600_000,
    });
  });

  it('makes tokens of a user, who may approve where the token says so', async () => {
    const caller = await ask(await local.mint({ permissions: [APPROVE, READ], delegated: true, user: 'alice@corp' }));
    expect(caller).toMatchObject({ user: 'alice@corp', kind: 'delegated' });
    expect(() => authorize(caller, APPROVE)).not.toThrow();
    expect(() => authorize(caller, WRITE)).toThrow();
  });

  it('knows one user of one tenant by one oid, whatever the case, and others by others', async () => {
    const oidOf = async (user: string, tenantId: string) =>
      (await ask(await local.mint({ permissions: [READ], delegated: true, user, tenantId }))).oid;
    expect(await oidOf('Alice', TENANT_A)).toBe(await oidOf('alice', TENANT_A));
    expect(await oidOf('bob', TENANT_A)).not.toBe(await oidOf('alice', TENANT_A));
    expect(await oidOf('alice', TENANT_B)).not.toBe(await oidOf('alice', TENANT_A));
  });

  it('makes tokens in the form of Entra 2.0', async () => {
    const claims = decodeJwt(await local.mint({ permissions: [READ], tenantId: TENANT_A.toUpperCase(), appId: 'x' }));
    expect(claims).toMatchObject({ ver: '2.0', tid: TENANT_A, azp: 'x', idtyp: 'app', roles: [READ] });
    expect(claims.scp).toBeUndefined();
    expect(claims.sub).toBe(claims.oid);
  });

  it('is the same for every copy of one install key, and another for another', async () => {
    const token = await issuerOf('a').mint({ permissions: [READ] });
    await expect(ask(token)).resolves.toMatchObject({ appId: LOCAL_APP_ID });
    await expect(ask(await issuerOf('b').mint({ permissions: [READ] }))).rejects.toThrow('names a key');
  });

  it.each([
    ['an application that approves', { permissions: [APPROVE] }, 'No application can hold'],
    ['a user without a name', { permissions: [READ], delegated: true, user: '  ' }, 'name one'],
    ['a tenant that is no GUID', { permissions: [READ], tenantId: 'acme' }, 'no GUID'],
    ['personal accounts', { permissions: [READ], tenantId: PERSONAL.toUpperCase() }, 'personal'],
    ['no lifetime', { permissions: [READ], lifetimeMs: 0 }, 'from 1 second to 24 hours'],
    ['a lifetime of two days', { permissions: [READ], lifetimeMs: 48 * 3_600_000 }, 'from 1 second to 24 hours'],
    ['a lifetime that is no number', { permissions: [READ], lifetimeMs: Number.NaN }, 'from 1 second to 24 hours'],
  ])('makes no token of %s', async (_name, request, message) => {
    await expect(local.mint(request)).rejects.toThrow(message);
  });

  it('derives 200 keys of 200 install keys, each of which signs', async () => {
    for (let at = 0; at < 200; at += 1) {
      const own = createLocalIssuer(createInstallKey(Buffer.alloc(32, `key ${at}`)), clock);
      const judge = createAuthenticator({ issuers: [], localIssuer: own, clock });
      await judge.authenticate(`Bearer ${await own.mint({ permissions: [READ] })}`);
    }
  });
});
