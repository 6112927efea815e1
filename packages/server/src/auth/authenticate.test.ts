import { PERMISSIONS } from '@interdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Refusal } from '../errors.ts';
import { createAuthenticator } from './authenticate.ts';
import type { Caller } from './caller.ts';
import { createInstallKey } from './install-key.ts';
import type { IssuerSettings } from './issuer-settings.ts';
import { createLocalIssuer } from './local-issuer.ts';
import { createHandClock } from './testing/hand-clock.ts';
import type { OidcIssuer } from './testing/oidc-issuer.ts';
import { openOidcIssuer } from './testing/oidc-issuer.ts';
import { signToken } from './testing/signing-key.ts';
import type { TokenBase } from './testing/token-bases.ts';
import { APP, KEYS, PERSONAL, TENANT_A, TENANT_B, USER_OID } from './testing/token-bases.ts';
import type { TokenWorld } from './testing/token-world.ts';
import { openTokenWorld } from './testing/token-world.ts';

const [READ, WRITE, APPROVE, AUDIT] = PERMISSIONS;

let world: TokenWorld;

beforeAll(async () => {
  world = await openTokenWorld();
});

afterAll(() => world.close());

const baseOf = (name: string): TokenBase => {
  const found = world.bases.find((base) => base.name === name);
  if (!found) throw new Error(`No base "${name}".`);
  return found;
};

/** Asks with a genuine token whose claims are changed first. */
const askAs = (name: string, change: object = {}, header: object = {}): Promise<Caller> => {
  const base = baseOf(name);
  const token = signToken({ ...base.header, ...header }, { ...base.claims, ...change }, base.key.privateKey);
  return world.authenticator.authenticate(`Bearer ${token}`);
};

const refusalOf = async (asked: Promise<unknown>): Promise<Refusal> => {
  const outcome = await asked.catch((error: unknown) => error);
  if (outcome instanceof Refusal) return outcome;
  throw new Error(`No refusal: ${JSON.stringify(outcome)}`);
};

describe('a request without a usable token', () => {
  it.each([undefined, ''])("is told how to send one, and how Microsoft's client does: %j", async (header) => {
    const refusal = await refusalOf(world.authenticator.authenticate(header));
    expect(refusal).toMatchObject({ code: 'InvalidAuthenticationToken', inner: 'missingToken' });
    expect(refusal.message).toContain('customHosts');
    expect(refusal.message).toContain('only over https');
    expect(refusal.headers).toEqual({ 'WWW-Authenticate': 'Bearer realm="interdict"' });
  });

  it.each([
    'Bearer',
    'Bearer ',
    'Basic YTpi',
    'Digest username="x"',
    'eyJhbGciOiJSUzI1NiJ9.e30.AA',
    'Bearer\teyJ',
    'x',
  ])('is refused without an echo: %j', async (header) => {
    const refusal = await refusalOf(world.authenticator.authenticate(header));
    expect(refusal.inner).toBe('missingToken');
    expect(refusal.message).not.toMatch(/YTpi|username|eyJ/);
  });

  it('may write the scheme in any case', async () => {
    const base = baseOf('Entra 2.0 a app');
    const token = signToken(base.header, base.claims, base.key.privateKey);
    for (const scheme of ['bearer', 'BEARER', 'Bearer '])
      expect((await world.authenticator.authenticate(`${scheme} ${token}`)).appId).toBe(APP);
  });
});

describe('who is asking', () => {
  it('is, by an Entra token of an application, the app in its tenant', async () => {
    expect(await askAs('Entra 2.0 b app')).toEqual({
      issuer: `https://login.microsoftonline.com/${TENANT_B}/v2.0`,
      tenantId: TENANT_B,
      appId: APP,
      user: null,
      oid: USER_OID,
      kind: 'application',
      permissions: new Set([WRITE]),
      roles: new Set([WRITE]),
      issuedAtMs: world.clock.now() - 60_000,
      expiresAtMs: world.clock.now() - 60_000 + 3_600_000,
    });
  });

  it('is, by an Entra token of a user, the user by oid and by name', async () => {
    expect(await askAs('Entra 1.0 a user')).toMatchObject({ user: 'a@x', oid: USER_OID, tenantId: TENANT_A });
    expect(await askAs('Entra 2.0 a user', { upn: 'upn@x' })).toMatchObject({ user: 'upn@x' });
    expect(await askAs('Entra 2.0 a user', { preferred_username: undefined })).toMatchObject({ user: USER_OID });
  });

  it('is written in lower case where it is a GUID', async () => {
    const change = { tid: TENANT_A.toUpperCase(), azp: APP.toUpperCase(), oid: USER_OID.toUpperCase() };
    expect(await askAs('Entra 2.0 a user', change)).toMatchObject({ tenantId: TENANT_A, appId: APP, oid: USER_OID });
  });

  it("is, by another issuer's token, read from the claims that the configuration names", async () => {
    expect(await askAs('Keycloak app RS256')).toMatchObject({
      tenantId: TENANT_A,
      appId: 'soc',
      user: null,
      oid: USER_OID,
    });
    expect(await askAs('Keycloak user PS256')).toMatchObject({ user: 'alice', oid: USER_OID, kind: 'delegated' });
    expect(await askAs('OIDC user')).toMatchObject({ user: 'a@x', oid: 'user|1', tenantId: TENANT_A });
    expect(await askAs('OIDC user', { upn: undefined })).toMatchObject({ user: 'user|1' });
  });
});

describe('a header', () => {
  it('says nothing about who is asking', async () => {
    const header = { tid: TENANT_B, appid: 'x', azp: 'x', oid: 'x', roles: [AUDIT], scp: AUDIT };
    expect(await askAs('Entra 2.0 a user', {}, header)).toEqual(await askAs('Entra 2.0 a user'));
  });

  it.each(['crit', 'jwk', 'jku', 'x5u', 'x5c', 'b64', 'enc', 'zip', 'cty'])(
    'with %s is refused by that name',
    async (name) => {
      expect((await refusalOf(askAs('OIDC app', {}, { [name]: ['x'] }))).message).toContain(`holds "${name}"`);
    },
  );

  it.each([1, null, '', ['x'], 'x'.repeat(600)])('whose kid is %j is refused for that', async (kid) => {
    expect((await refusalOf(askAs('OIDC app', {}, { kid }))).message).toContain('"kid" is no text');
  });
});

describe('a text that is no token', () => {
  it.each([
    ['A.A', 'three parts'],
    ['A.A.A.A', 'three parts'],
    ['A.A.A.A.A', 'encrypted'],
    ['W10.e30.AA', 'header is no JSON object'],
    ['e30.W10.AA', 'payload is no JSON object'],
    ['e30.bnVsbA.AA', 'payload is no JSON object'],
    ['e30.e30.', 'signature is not base64url'],
    ['e31.e30.AA', 'header is not base64url'],
  ])('is refused for what it is: %s', async (text, message) => {
    expect((await refusalOf(world.authenticator.authenticate(`Bearer ${text}`))).message).toContain(message);
  });
});

describe('what a token grants', () => {
  it.each<[string, string, object, readonly string[]]>([
    ['scp makes an Entra token delegated, and then roles grant nothing', 'Entra 2.0 a app', { scp: READ }, [READ]],
    ['an scp of other things does so too', 'Entra 1.0 a app without idtyp', { scp: 'User.Read' }, []],
    ['an empty scp does so too', 'Entra 2.0 a app without idtyp', { scp: '' }, []],
    [
      'scp beside idtyp "app" does so too, and never approves',
      'Entra 2.0 a app',
      { scp: `${READ} ${APPROVE}` },
      [READ],
    ],
    ['a user is granted what scp holds', 'Entra 2.0 a user', { scp: `openid ${AUDIT} ${APPROVE}` }, [APPROVE, AUDIT]],
    ['a user with roles is granted no more', 'Entra 2.0 b user with roles', { scp: READ, roles: [WRITE] }, [READ]],
    ['an application is never granted approval', 'Entra 2.0 a app', { roles: [APPROVE, AUDIT] }, [AUDIT]],
    [
      'an application by appOnlyWhen is granted its roles, not its scope',
      'Keycloak app RS256',
      { scope: AUDIT },
      [WRITE],
    ],
    [
      'without it a token is delegated, whatever its roles',
      'Keycloak user RS256',
      { scope: 'openid', realm_access: { roles: [WRITE] } },
      [],
    ],
    [
      'a claim that only begins alike makes no application',
      'OIDC app',
      { gty: 'client-credentials-2', scope: READ },
      [READ],
    ],
    ['a scope may be a list', 'OIDC user', { scope: undefined, scp: [READ, AUDIT] }, [READ, AUDIT]],
    [
      'names are compared letter by letter',
      'Entra 2.0 a app',
      { roles: ['securityactions.read.all', `${READ} `, 'x'] },
      [],
    ],
  ])('%s', async (_promise, name, change, permissions) => {
    expect([...(await askAs(name, change)).permissions]).toEqual(permissions);
  });

  it('includes the roles that a user holds, for approvals', async () => {
    const caller = await askAs('Entra 2.0 a user', { scp: APPROVE, roles: [APPROVE, 'Other'] });
    expect(caller.roles).toEqual(new Set([APPROVE, 'Other']));
  });
});

describe('an ID token', () => {
  it('is refused even where the API itself is the client that it is for', async () => {
    const idToken = { azp: undefined, scp: undefined, aud: APP, roles: [WRITE], nonce: 'n', preferred_username: 'a@x' };
    expect((await refusalOf(askAs('Entra 2.0 a user', idToken))).message).toContain('ID token');
    expect((await refusalOf(askAs('Entra 2.0 a user', { ...idToken, nonce: undefined }))).message).toContain(
      'ID token',
    );
  });

  it("is refused with Keycloak's type and client too", async () => {
    expect((await refusalOf(askAs('Keycloak user RS256', { typ: 'ID' }))).message).toContain('type "ID"');
  });

  it('is not what an access token with a nonce is, where the token says what it is', async () => {
    await askAs('Keycloak user RS256', { nonce: 'n', typ: 'Bearer' });
    await askAs('OIDC user', { nonce: 'n' }, { typ: 'at+jwt' });
    expect((await refusalOf(askAs('OIDC user', { nonce: 'n' }, { typ: 'JWT' }))).message).toContain('nonce');
  });
});

describe('an issuer that may speak for any tenant', () => {
  const clock = createHandClock();
  let issuer: OidcIssuer;

  beforeAll(async () => {
    issuer = await openOidcIssuer(KEYS.keycloak);
  });

  afterAll(() => issuer.stop());

  const ask = async (own: object): Promise<Caller> => {
    const settings = { issuer: issuer.issuer, audience: ['x'], tenantClaim: 'tenant' };
    const claims = { aud: 'x', azp: 'soc', sub: 'u', exp: clock.now() / 1_000 + 60 };
    const authenticator = createAuthenticator({ issuers: [settings], clock });
    return authenticator.authenticate(`Bearer ${await issuer.sign({ ...claims, ...own })}`);
  };

  it('has to name one', async () => {
    expect(await ask({ tenant: TENANT_B })).toMatchObject({ tenantId: TENANT_B });
    for (const tenant of [undefined, '', 'acme', null, [TENANT_A]])
      expect((await refusalOf(ask({ tenant }))).message).toContain('names no tenant');
  });

  it('cannot name the one of personal Microsoft accounts, whatever the configuration says', async () => {
    expect((await refusalOf(ask({ tenant: PERSONAL.toUpperCase() }))).message).toContain('personal');
    expect((await refusalOf(ask({ tenant: TENANT_A, tid: PERSONAL }))).message).toContain('personal');
  });

  it('has no applications where the configuration does not say how they are told', async () => {
    const caller = await ask({ tenant: TENANT_A, roles: [WRITE], idtyp: 'app' });
    expect(caller).toMatchObject({ kind: 'delegated', permissions: new Set() });
  });
});

describe('the time', () => {
  const nowOf = (): number => Math.floor(world.clock.now() / 1_000);

  it.each<[string, () => object, boolean]>([
    ['59 s after exp', () => ({ exp: nowOf() - 59 }), true],
    ['60 s after exp', () => ({ exp: nowOf() - 60 }), false],
    ['60 s before nbf', () => ({ nbf: nowOf() + 60 }), true],
    ['61 s before nbf', () => ({ nbf: nowOf() + 61 }), false],
    ['60 s before iat', () => ({ iat: nowOf() + 60 }), true],
    ['61 s before iat', () => ({ iat: nowOf() + 61 }), false],
    ['without iat and nbf', () => ({ iat: undefined, nbf: undefined }), true],
  ])('%s', async (_name, change, is) => {
    const outcome = await askAs('Entra 2.0 a app', change()).catch((error: unknown) => error);
    expect(outcome instanceof Refusal).toBe(!is);
  });

  it('of the end is named to the caller, with the time here', async () => {
    const refusal = await refusalOf(askAs('Entra 2.0 a app', { exp: nowOf() - 3_600 }));
    expect(refusal.message).toBe('The token expired at 2026-11-24T11:00:00.000Z; here it is 2026-11-24T12:00:00.000Z.');
    expect(refusal.headers['WWW-Authenticate']).toBe('Bearer realm="interdict", error="invalid_token"');
  });
});

describe('a refusal', () => {
  it('names the audiences that are expected to the holder of a genuine token only', async () => {
    const wrong = { aud: 'api://other' };
    expect((await refusalOf(askAs('Entra 2.0 a app', wrong))).message).toContain('"api://interdict"');
    const base = baseOf('Entra 2.0 a app');
    const forged = signToken(base.header, { ...base.claims, ...wrong }, KEYS.attacker.privateKey);
    const refusal = await refusalOf(world.authenticator.authenticate(`Bearer ${forged}`));
    expect(refusal.message).not.toContain('interdict');
  });

  it('of an unknown issuer names no configured one', async () => {
    const refusal = await refusalOf(askAs('Entra 2.0 a app', { iss: 'https://evil.example/"\u202e\n' }));
    expect(refusal.message).toContain('"https://evil.example/\'??" is not configured here');
    expect(refusal.message).not.toMatch(/microsoftonline|127\.0\.0\.1/);
  });

  it("says which application's key is needed where the key is another tenant's or a personal account's", async () => {
    const base = baseOf('Entra 2.0 a app');
    for (const key of [KEYS.entraTenantB, KEYS.entraPersonal]) {
      const token = signToken({ ...base.header, kid: key.kid }, base.claims, key.privateKey);
      const refusal = await refusalOf(world.authenticator.authenticate(`Bearer ${token}`));
      expect(refusal.message).toContain('keeps for another issuer');
    }
    const own = baseOf('Entra 2.0 b app');
    const token = signToken({ ...own.header, kid: 'entra-b' }, own.claims, KEYS.entraTenantB.privateKey);
    expect((await world.authenticator.authenticate(`Bearer ${token}`)).tenantId).toBe(TENANT_B);
  });
});

describe('a verified token', () => {
  it('is remembered until it expires, and judged anew in the minute of grace after it', async () => {
    const own = await openTokenWorld();
    const base = own.bases[0];
    if (!base) throw new Error('No base.');
    const authorization = `Bearer ${signToken(base.header, base.claims, base.key.privateKey)}`;
    const first = await own.authenticator.authenticate(authorization);
    expect(await own.authenticator.authenticate(authorization)).toBe(first);
    own.clock.nowMs = first.expiresAtMs - 1;
    const late = await own.authenticator.authenticate(authorization);
    expect(late).toEqual(first);
    own.clock.nowMs = first.expiresAtMs;
    const graced = await own.authenticator.authenticate(authorization);
    expect(graced).not.toBe(late);
    own.clock.nowMs = first.expiresAtMs + 60_000;
    expect((await refusalOf(own.authenticator.authenticate(authorization))).message).toContain('expired');
    await own.close();
  });

  it('is recalled at once on the connection that it came over, and on no other, until it expires', async () => {
    const own = await openTokenWorld();
    const base = own.bases[0];
    if (!base) throw new Error('No base.');
    const [connection, other] = [{}, {}];
    const authorization = `Bearer ${signToken(base.header, base.claims, base.key.privateKey)}`;
    expect(own.authenticator.recall(authorization, connection)).toBeUndefined();
    const caller = await own.authenticator.authenticate(authorization, connection);
    expect(own.authenticator.recall(authorization, connection)).toBe(caller);
    expect(own.authenticator.recall(authorization, other)).toBeUndefined();
    expect(own.authenticator.recall(`${authorization}x`, connection)).toBeUndefined();
    expect(own.authenticator.recall(undefined, connection)).toBeUndefined();
    own.clock.nowMs = caller.expiresAtMs;
    expect(own.authenticator.recall(authorization, connection)).toBeUndefined();
    await own.close();
  });

  it('is remembered by its whole text: another signature over the same claims is judged anew', async () => {
    const base = baseOf('Entra 2.0 a app');
    const token = signToken(base.header, base.claims, base.key.privateKey);
    await world.authenticator.authenticate(`Bearer ${token}`);
    const [head, body] = token.split('.');
    const forged = signToken(base.header, base.claims, KEYS.attacker.privateKey).split('.')[2];
    await refusalOf(world.authenticator.authenticate(`Bearer ${head}.${body}.${forged}`));
  });

  it('makes room for newer ones', async () => {
    const own = await openTokenWorld({ maxVerifiedTokens: 2 });
    const [first, second, third] = own.bases.map(
      (base) => `Bearer ${signToken(base.header, base.claims, base.key.privateKey)}`,
    );
    const ask = (authorization: string | undefined): Promise<Caller> => own.authenticator.authenticate(authorization);
    const [one, two, three] = [await ask(first), await ask(second), await ask(third)];
    expect(await ask(third)).toBe(three);
    expect(await ask(second)).toBe(two);
    expect(await ask(first)).not.toBe(one);
    await own.close();
  });
});

describe('the local issuer', () => {
  const clock = createHandClock();
  const local = createLocalIssuer(createInstallKey(Buffer.alloc(32, 'interdict')), clock);
  const authenticator = createAuthenticator({ issuers: [], localIssuer: local, clock });

  it('is pointed to where a token of another issuer comes to it', async () => {
    const base = baseOf('Entra 2.0 a app');
    const token = signToken(base.header, base.claims, base.key.privateKey);
    const refusal = await refusalOf(authenticator.authenticate(`Bearer ${token}`));
    expect(refusal.message).toContain('npx interdict token');
  });

  it('is not trusted where issuers are configured', async () => {
    const token = await local.mint({ permissions: [READ] });
    expect((await refusalOf(world.authenticator.authenticate(`Bearer ${token}`))).message).toContain('not configured');
  });
});

describe('one claim for roles and scopes', () => {
  it('grants applications what it holds, and never gives users a role', async () => {
    const clock = createHandClock();
    const issuer = await openOidcIssuer(KEYS.keycloak);
    const settings: IssuerSettings = {
      issuer: issuer.issuer,
      audience: ['x'],
      tenant: TENANT_A,
      rolesClaim: 'scope',
      appOnlyWhen: { claim: 'sub', equals: 'soc' },
    };
    const authenticator = createAuthenticator({ issuers: [settings], clock });
    const claims = { aud: 'x', azp: 'soc', exp: clock.now() / 1_000 + 60, scope: `${APPROVE} ${WRITE}` };
    const ask = async (sub: string): Promise<Caller> =>
      authenticator.authenticate(`Bearer ${await issuer.sign({ ...claims, sub })}`);
    expect(await ask('soc')).toMatchObject({ kind: 'application', permissions: new Set([WRITE]) });
    expect(await ask('alice')).toMatchObject({ permissions: new Set([WRITE, APPROVE]), roles: new Set() });
    await issuer.stop();
  });
});
