import { createHash } from 'node:crypto';
import type { CryptoKey, JWK } from 'jose';
import { importJWK } from 'jose';

/** The signature algorithms that are accepted, from any issuer; no symmetric one, so no public key can become a secret. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** One public key of an issuer. */
export interface PublishedKey {
  readonly kid: string | undefined;
  /** Entra's property: who may sign with it, `{tenantid}` standing for any tenant. */
  readonly issuer: string | undefined;
  /** Changes with anything of the key that matters, its material first of all. */
  readonly id: string;
  readonly algorithms: readonly Algorithm[];
  readonly imported: Map<Algorithm, Promise<CryptoKey | undefined>>;
  readonly jwk: JWK;
}

const RSA_MIN_BYTES = 256;
const MAX_KEYS = 200;

const isText = (value: unknown): value is string => typeof value === 'string';
const byteLength = (value: unknown): number => (isText(value) ? Buffer.from(value, 'base64url').length : 0);

function algorithmsOf(jwk: JWK): readonly Algorithm[] {
  const fits = (algorithm: Algorithm): boolean => jwk.alg === undefined || jwk.alg === algorithm;
  if (jwk.kty === 'RSA' && byteLength(jwk.n) >= RSA_MIN_BYTES && isText(jwk.e))
    return (['RS256', 'PS256'] as const).filter(fits);
  if (jwk.kty === 'EC' && jwk.crv === 'P-256' && isText(jwk.x) && isText(jwk.y))
    return (['ES256'] as const).filter(fits);
  return [];
}

/** A private member published by mistake gives the key to everybody. */
const isForVerification = (jwk: JWK): boolean =>
  !Object.hasOwn(jwk, 'd') &&
  (jwk.use === undefined || jwk.use === 'sig') &&
  (jwk.key_ops === undefined || (Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify')));

function toPublishedKey(jwk: JWK & { readonly issuer?: unknown }): PublishedKey {
  const issuer = isText(jwk.issuer) ? jwk.issuer : undefined;
  const kid = isText(jwk.kid) ? jwk.kid : undefined;
  const parts = [jwk.kty, jwk.crv, jwk.n, jwk.e, jwk.x, jwk.y, jwk.alg, kid, issuer];
  const id = createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
  return { kid, issuer, id, algorithms: algorithmsOf(jwk), imported: new Map(), jwk };
}

/**
 * The keys of a JSON Web Key Set that can verify a token here; others are left out.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7517
 * @throws {Error} where the answer is no key set, or holds no key of use
 */
export function parseKeySet(answer: unknown): readonly PublishedKey[] {
  const keys = typeof answer === 'object' && answer !== null && 'keys' in answer ? answer.keys : undefined;
  if (!Array.isArray(keys)) throw new Error('The answer is no JSON Web Key Set: it has no list "keys".');
  const usable = keys
    .slice(0, MAX_KEYS)
    .filter((key): key is JWK => typeof key === 'object' && key !== null && isForVerification(key as JWK))
    .map(toPublishedKey)
    .filter(({ algorithms }) => algorithms.length > 0);
  if (usable.length === 0)
    throw new Error('The key set holds no RSA key of 2048 bits and no P-256 key for signatures.');
  return usable;
}

/**
 * The keys that a token's header can mean: those of its `kid`; without one, the only key of its kind, since a guess
 * among several would let the token choose.
 */
export function listKeysFor(
  keys: readonly PublishedKey[],
  algorithm: Algorithm,
  kid: string | undefined,
): readonly PublishedKey[] {
  const fitting = keys.filter(({ algorithms }) => algorithms.includes(algorithm));
  if (kid !== undefined) return fitting.filter((key) => key.kid === kid);
  return fitting.length === 1 ? fitting : [];
}

/** The key in the form that verifies; undefined where its numbers are no key. */
export function importKey(key: PublishedKey, algorithm: Algorithm): Promise<CryptoKey | undefined> {
  const known = key.imported.get(algorithm);
  if (known) return known;
  const importing = importJWK({ ...key.jwk, alg: algorithm, ext: true }, algorithm).then(
    (imported) => (imported instanceof Uint8Array ? undefined : imported),
    () => undefined,
  );
  key.imported.set(algorithm, importing);
  return importing;
}
