import type { JsonWebKey, KeyObject } from 'node:crypto';
import { createECDH, createHash, createPrivateKey } from 'node:crypto';
import type { Permission } from '@interdict/contract';
import { DELEGATED_ONLY } from '@interdict/contract';
import { SignJWT } from 'jose';
import type { Clock } from '../lib/clock.ts';
import { PERSONAL_TENANT_ID, parseGuid } from './guid.ts';
import type { InstallKey } from './install-key.ts';
import { listKeysFor, parseKeySet } from './key-set.ts';
import { isName } from './to-caller.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';
import { entraClaims } from './trusted-issuer.ts';

/** A name, not an address: nothing is ever fetched from it. */
export const LOCAL_ISSUER = 'urn:interdict:local-issuer';
export const LOCAL_AUDIENCE = 'api://interdict';
/** The tenant and the app of local tokens that name none; they read as what they are in any list. */
export const LOCAL_TENANT_ID = '10ca1000-0000-4000-8000-000000000001';
export const LOCAL_APP_ID = '10ca1000-0000-4000-8000-000000000002';

const HOUR_MS = 3_600_000;
const MAX_LIFETIME_MS = 24 * HOUR_MS;

export interface MintRequest {
  readonly permissions: readonly Permission[];
  /** A token of an app that acts for `user`; otherwise of an application. Default false. */
  readonly delegated?: boolean | undefined;
  /** Needed where delegated; one name is one person in a tenant. */
  readonly user?: string | undefined;
  /** Default {@link LOCAL_TENANT_ID}. */
  readonly tenantId?: string | undefined;
  /** Default {@link LOCAL_APP_ID}. */
  readonly appId?: string | undefined;
  /** From 1 s to 24 h; default 1 h. */
  readonly lifetimeMs?: number | undefined;
}

export interface LocalIssuer {
  /**
   * A token in the form of Entra's version 2.0.
   *
   * @throws {RangeError} with a sentence, where nobody could hold such a token
   */
  mint(request: MintRequest): Promise<string>;
  /** What the authenticator goes by; it needs no network. */
  readonly trusted: TrustedIssuer;
}

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The same private key from the same install key, by the extra random bits method of FIPS 186-5, A.2.1. */
function derivePrivateKey(installKey: InstallKey): KeyObject {
  const wide = BigInt(`0x${installKey.derive('local issuer, ES256', 48).toString('hex')}`);
  const scalar = Buffer.from(((wide % (P256_ORDER - 1n)) + 1n).toString(16).padStart(64, '0'), 'hex');
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar);
  const point = curve.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  const jwk = { kty: 'EC', crv: 'P-256', d: scalar.toString('base64url'), x, y } as JsonWebKey;
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

/** The same GUID for the same texts. */
function toGuid(...texts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(texts)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function tenantOf({ tenantId = LOCAL_TENANT_ID }: MintRequest): string {
  const tenant = parseGuid(tenantId);
  if (tenant === undefined) throw new RangeError(`The tenant "${tenantId}" is no GUID.`);
  if (tenant === PERSONAL_TENANT_ID)
    throw new RangeError('That tenant holds personal accounts, which are always refused.');
  return tenant;
}

function checkName(name: string, what: string): string {
  if (name !== '' && isName(name)) return name;
  throw new RangeError(`The name of the ${what} is one line of at most 256 characters.`);
}

function userClaims(request: MintRequest, tid: string): Record<string, unknown> {
  const user = request.user?.trim() ?? '';
  if (user === '') throw new RangeError('A delegated token acts for a user: name one.');
  checkName(user, 'user');
  const oid = toGuid('user', tid, user.toLowerCase());
  const roles = request.permissions.filter((name) => DELEGATED_ONLY.includes(name));
  const held = roles.length > 0 ? { roles } : {};
  return { oid, sub: toGuid('subject', oid), preferred_username: user, scp: request.permissions.join(' '), ...held };
}

function appClaims({ permissions }: MintRequest, tid: string, azp: string): Record<string, unknown> {
  const wrong = permissions.find((name) => DELEGATED_ONLY.includes(name));
  if (wrong !== undefined)
    throw new RangeError(`No application can hold ${wrong}; make the token delegated and name a user.`);
  const oid = toGuid('application', tid, azp);
  return { oid, sub: oid, idtyp: 'app', roles: permissions };
}

function claimsOf(request: MintRequest): Record<string, unknown> {
  const tid = tenantOf(request);
  const azp = checkName(request.appId ?? LOCAL_APP_ID, 'application');
  if (request.user !== undefined && !request.delegated) {
    throw new RangeError('A token that names a user is delegated: say so, or leave the user out.');
  }
  const own = request.delegated ? userClaims(request, tid) : appClaims(request, tid, azp);
  return { ver: '2.0', tid, azp, ...own };
}

function lifetimeOf({ lifetimeMs = HOUR_MS }: MintRequest): number {
  if (lifetimeMs >= 1_000 && lifetimeMs <= MAX_LIFETIME_MS) return Math.floor(lifetimeMs / 1_000);
  throw new RangeError('A local token lives from 1 second to 24 hours.');
}

function toTrusted(publicJwk: object): TrustedIssuer {
  const keys = parseKeySet({ keys: [publicJwk] });
  const ids = new Set(keys.map(({ id }) => id));
  return {
    issuer: LOCAL_ISSUER,
    entraVersion: '2.0',
    audience: [LOCAL_AUDIENCE],
    tenantId: undefined,
    tenants: undefined,
    keyIssuers: undefined,
    claims: entraClaims('2.0'),
    appOnlyWhen: undefined,
    keys: {
      list: (algorithm, kid) => Promise.resolve(listKeysFor(keys, algorithm, kid)),
      isCurrent: (keyId) => ids.has(keyId),
      state: () => ({ issuer: LOCAL_ISSUER, keys: keys.length, fetchedAtMs: null, failure: null }),
      close: () => undefined,
    },
  };
}

/**
 * The issuer of a server that has none configured. Its key follows from the install key, so that all processes of one
 * installation take each other's tokens.
 */
export function createLocalIssuer(installKey: InstallKey, clock: Clock): LocalIssuer {
  const privateKey = derivePrivateKey(installKey);
  const { x, y } = privateKey.export({ format: 'jwk' });
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url');
  return {
    trusted: toTrusted({ kty: 'EC', crv: 'P-256', x, y, kid, use: 'sig' }),
    mint: async (request) => {
      const nowSeconds = Math.floor(clock.now() / 1_000);
      return new SignJWT(claimsOf(request))
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid })
        .setIssuer(LOCAL_ISSUER)
        .setAudience(LOCAL_AUDIENCE)
        .setIssuedAt(nowSeconds)
        .setNotBefore(nowSeconds)
        .setExpirationTime(nowSeconds + lifetimeOf(request))
        .sign(privateKey);
    },
  };
}
