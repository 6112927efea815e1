import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refusal } from '../errors.ts';
import type { Authenticator } from './authenticate.ts';
import { createAuthenticator } from './authenticate.ts';
import { metadataUrlOf } from './discover-keys.ts';
import type { IssuerSettings } from './issuer-settings.ts';
import type { HandClock } from './testing/hand-clock.ts';
import { createHandClock } from './testing/hand-clock.ts';
import type { OidcIssuer } from './testing/oidc-issuer.ts';
import { KEYS_PATH, METADATA_PATH, openOidcIssuer } from './testing/oidc-issuer.ts';
import { createSigningKey } from './testing/signing-key.ts';
import { TENANT_A } from './testing/token-bases.ts';

const [FIRST, SECOND] = [createSigningKey('first'), createSigningKey('second')];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let issuer: OidcIssuer;
let clock: HandClock;
let authenticator: Authenticator;
let serial = 0;

const open = (settings: Partial<IssuerSettings> = {}, fetchTimeoutMs?: number): Authenticator =>
  createAuthenticator({
    issuers: [{ issuer: issuer.issuer, audience: ['interdict'], tenant: TENANT_A, ...settings }],
    clock,
    fetchTimeoutMs,
  });

beforeEach(async () => {
  issuer = await openOidcIssuer(FIRST);
  clock = createHandClock();
  authenticator = open();
});

afterEach(async () => {
  authenticator.close();
  await issuer.stop();
});

/** A new token each time, so that none is answered from memory. */
const newToken = (header: object = {}): Promise<string> => {
  serial += 1;
  const iat = Math.floor(clock.now() / 1_000);
  const times = { iat, exp: iat + 48 * 3_600 };
  return issuer.sign({ ...times, aud: 'interdict', azp: 'soc', sub: 'u', scope: 'x', jti: String(serial) }, header);
};

const ask = (token: string): Promise<unknown> => authenticator.authenticate(`Bearer ${token}`);
const askNew = async (header?: object): Promise<unknown> => ask(await newToken(header));
const refusalOf = async (asked: Promise<unknown>): Promise<Refusal> => {
  const outcome = await asked.catch((error: unknown) => error);
  if (outcome instanceof Refusal) return outcome;
  throw new Error(`No refusal: ${String(outcome)}`);
};
const fetches = (): number => issuer.count(KEYS_PATH);

describe("an issuer's keys", () => {
  it('are fetched when a token first asks, and once for many', async () => {
    expect(issuer.count(METADATA_PATH)).toBe(0);
    await Promise.all(Array.from({ length: 20 }, () => askNew()));
    expect([issuer.count(METADATA_PATH), fetches()]).toEqual([1, 1]);
  });

  it('are found without metadata where their address is configured', async () => {
    authenticator = open({ jwksUri: issuer.issuer.replace('/realms/test', KEYS_PATH) });
    await askNew();
    expect([issuer.count(METADATA_PATH), fetches()]).toEqual([0, 1]);
  });

  it('are fetched again in the background after 10 minutes, and not before', async () => {
    await askNew();
    clock.nowMs += 10 * MINUTE_MS - 1;
    await askNew();
    expect(fetches()).toBe(1);
    clock.nowMs += 1;
    issuer.delayMs = 100;
    await askNew();
    expect(fetches()).toBe(1);
    await vi.waitFor(() => expect(fetches()).toBe(2));
  });

  it('are served for 24 hours while the issuer is out of reach, and then no longer', async () => {
    await askNew();
    await issuer.stop();
    for (const hours of [1, 6, 16]) {
      clock.nowMs += hours * HOUR_MS;
      await askNew();
    }
    clock.nowMs += HOUR_MS - 1;
    const token = await newToken();
    await ask(token);
    clock.nowMs += 1;
    expect((await refusalOf(ask(token))).code).toBe('serviceUnavailable');
    await issuer.start();
    clock.nowMs += 30_000;
    await ask(token);
  });

  it('are asked for once in 30 s by 10,000 unknown kids, none of which causes a 5xx', async () => {
    await askNew();
    const token = await newToken();
    const [, payload, signature] = token.split('.');
    const asked = Array.from({ length: 10_000 }, (_, at) => {
      const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: `unknown-${at}` })).toString('base64url');
      return refusalOf(ask(`${header}.${payload}.${signature}`));
    });
    const codes = new Set((await Promise.all(asked)).map(({ code }) => code));
    expect([...codes]).toEqual(['InvalidAuthenticationToken']);
    expect(fetches()).toBe(1);
    clock.nowMs += 30_000;
    await Promise.all(Array.from({ length: 100 }, (_, at) => refusalOf(askNew({ kid: `later-${at}` }))));
    expect(fetches()).toBe(2);
    await ask(token);
  });

  it('that are new are found as soon as a token names them', async () => {
    await askNew();
    issuer.keys = [SECOND, FIRST];
    clock.nowMs += 30_000;
    await askNew();
    expect(fetches()).toBe(2);
  });

  it('that are gone end the trust in what they signed, with the next fetch', async () => {
    const token = await newToken();
    await ask(token);
    issuer.keys = [SECOND];
    clock.nowMs += 10 * MINUTE_MS;
    await ask(token);
    await vi.waitFor(async () => expect((await refusalOf(ask(token))).inner).toBe('invalidToken'));
  });

  it('that went during a quiet hour are not trusted after it', async () => {
    const token = await newToken();
    await ask(token);
    issuer.keys = [SECOND];
    clock.nowMs += HOUR_MS;
    expect((await refusalOf(ask(token))).inner).toBe('invalidToken');
  });

  it('under a kid that got another key end the trust as well', async () => {
    const token = await newToken();
    await ask(token);
    issuer.keys = [createSigningKey('first')];
    clock.nowMs += 10 * MINUTE_MS;
    await ask(token);
    await vi.waitFor(async () => expect((await refusalOf(ask(token))).message).toContain('signature'));
  });

  it('that cannot be fetched make 503 with Retry-After, whose cause is kept for the log', async () => {
    await issuer.stop();
    const refusal = await refusalOf(askNew());
    expect(refusal.code).toBe('serviceUnavailable');
    expect(refusal.headers['Retry-After']).toBe('30');
    clock.nowMs += 12_000;
    expect((await refusalOf(askNew())).headers['Retry-After']).toBe('18');
    expect(String(refusal.cause)).toContain('gave no usable answer');
    expect(authenticator.keyStates()).toEqual([
      { issuer: issuer.issuer, keys: 0, fetchedAtMs: null, failure: expect.stringContaining(METADATA_PATH) },
    ]);
  });

  it('make 503 for an unknown kid while the issuer is out of reach, and 401 for a wrong signature', async () => {
    await askNew();
    await issuer.stop();
    clock.nowMs += 30_000;
    expect((await refusalOf(askNew({ kid: 'unknown' }))).code).toBe('serviceUnavailable');
    const token = await newToken();
    expect((await refusalOf(ask(`${token.slice(0, -40)}${'A'.repeat(40)}`))).code).toBe('InvalidAuthenticationToken');
    await ask(token);
  });

  it('are waited for no longer than the time-out', async () => {
    authenticator = open({}, 100);
    issuer.delayMs = 600_000;
    const started = performance.now();
    expect((await refusalOf(askNew())).code).toBe('serviceUnavailable');
    expect(performance.now() - started).toBeLessThan(2_500);
  });

  it('that are old do not hold up requests while the issuer is known to be out of reach', async () => {
    await askNew();
    issuer.bent.set(METADATA_PATH, (response) => response.writeHead(500).end());
    clock.nowMs += HOUR_MS;
    await askNew();
    issuer.delayMs = 600_000;
    clock.nowMs += HOUR_MS;
    const started = performance.now();
    await askNew();
    expect(performance.now() - started).toBeLessThan(2_500);
  });

  it('are not missed when the clock is set back', async () => {
    await askNew();
    issuer.keys = [SECOND];
    clock.nowMs -= 5 * HOUR_MS;
    await askNew();
    expect(fetches()).toBe(2);
  });

  it.each([
    [
      'metadata of another issuer',
      METADATA_PATH,
      '{"issuer":"https://other.example","jwks_uri":"http://127.0.0.1/"}',
      'letter by letter',
    ],
    [
      'metadata that name keys elsewhere over http',
      METADATA_PATH,
      '{"issuer":"$","jwks_uri":"http://10.0.0.1/"}',
      'no address for the keys',
    ],
    ['metadata without an address', METADATA_PATH, '{"issuer":"$"}', 'no address for the keys'],
    ['metadata that are null', METADATA_PATH, 'null', 'letter by letter'],
    ['no JSON', KEYS_PATH, '<html>', 'gave no usable answer'],
    ['no key set', KEYS_PATH, '[]', 'no JSON Web Key Set'],
    ['no keys', KEYS_PATH, '{"keys":[]}', 'no RSA key'],
    ['secret keys only', KEYS_PATH, '{"keys":[{"kty":"oct","k":"AAAA","kid":"first"},null,1]}', 'no RSA key'],
    ['more than 512 KB', KEYS_PATH, `{"keys":[],"x":"${'x'.repeat(600_000)}"}`, 'larger than 524288 bytes'],
  ])('are refused from %s', async (_name, path, body, message) => {
    issuer.bent.set(path, (response) => response.end(body.replace('$', issuer.issuer)));
    const refusal = await refusalOf(askNew());
    expect(refusal.code).toBe('serviceUnavailable');
    expect(String((refusal.cause as Error).message)).toContain(message);
  });

  it.each([201, 203, 404, 500])('are refused from an answer with %i, whatever it holds', async (status) => {
    issuer.bent.set(KEYS_PATH, (response) => response.writeHead(status).end(JSON.stringify({ keys: [FIRST.jwk] })));
    const refusal = await refusalOf(askNew());
    expect(refusal.code).toBe('serviceUnavailable');
    expect(String((refusal.cause as Error).message)).toContain(`answered ${status}`);
  });

  it.each([301, 302, 307, 308])('are refused by way of a redirect with %i', async (status) => {
    issuer.bent.set(KEYS_PATH, (response) =>
      response.writeHead(status, { location: issuer.issuer.replace('/realms/test', '/elsewhere') }).end(),
    );
    issuer.bent.set('/elsewhere', (response) => response.end(JSON.stringify({ keys: [FIRST.jwk] })));
    expect((await refusalOf(askNew())).code).toBe('serviceUnavailable');
    expect(issuer.count('/elsewhere')).toBe(0);
  });

  it.each([
    ['published with its private half', { ...FIRST.privateKey.export({ format: 'jwk' }), kid: 'first' }, 'publish'],
    ['for encryption', { ...FIRST.jwk, use: 'enc' }, 'publish'],
    ['for signing only', { ...FIRST.jwk, key_ops: ['sign'] }, 'publish'],
    ['for another algorithm', { ...FIRST.jwk, alg: 'RS512' }, 'publish'],
    ['too short', { ...FIRST.jwk, n: String(FIRST.jwk.n).slice(0, 300) }, 'publish'],
    ['of no real number', { ...FIRST.jwk, e: '' }, 'signature'],
  ])('are not used where one is %s', async (_name, jwk, message) => {
    issuer.keys = [{ ...FIRST, jwk }, SECOND].map((key) => ({ ...key, privateKey: FIRST.privateKey }));
    const refusal = await refusalOf(askNew());
    expect(refusal.inner).toBe('invalidToken');
    expect(refusal.message).toContain(message);
  });

  it('without a kid in the token are the only one of its kind', async () => {
    await askNew({ kid: undefined });
    issuer.keys = [FIRST, SECOND];
    clock.nowMs += HOUR_MS;
    expect((await refusalOf(askNew({ kid: undefined }))).message).toContain('kid');
  });

  it('are not fetched any more once it is closed', async () => {
    authenticator.close();
    expect((await refusalOf(askNew())).code).toBe('serviceUnavailable');
    expect(issuer.count(METADATA_PATH)).toBe(0);
  });
});

describe("the address of an issuer's metadata", () => {
  it.each([
    ['https://id.example/realms/x', 'https://id.example/realms/x/.well-known/openid-configuration'],
    ['https://id.example/', 'https://id.example/.well-known/openid-configuration'],
    [
      `https://login.microsoftonline.com/${TENANT_A}/v2.0`,
      `https://login.microsoftonline.com/${TENANT_A}/v2.0/.well-known/openid-configuration`,
    ],
    [
      `https://sts.windows.net/${TENANT_A}/`,
      `https://login.microsoftonline.com/${TENANT_A}/.well-known/openid-configuration`,
    ],
  ])('of %s is %s', (name, url) => {
    expect(metadataUrlOf(name)).toBe(url);
  });
});
