import type { KeyObject } from 'node:crypto';
import { constants, generateKeyPairSync, sign } from 'node:crypto';

/** A key pair of a test's issuer. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As the issuer publishes it. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

export function createSigningKey(kid: string, kind: 'RSA' | 'EC' = 'RSA', extra: object = {}): SigningKey {
  const { privateKey, publicKey } =
    kind === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', ...extra } };
}

const part = (text: string | Buffer): string => Buffer.from(text as string).toString('base64url');

function signBytes(algorithm: string, input: string, key: KeyObject): Buffer {
  const bytes = Buffer.from(input);
  const digest = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('PS'))
    return sign(digest, bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
  if (algorithm.startsWith('ES')) return sign(digest, bytes, { key, dsaEncoding: 'ieee-p1363' });
  return sign(digest, bytes, key);
}

/** A token with a real signature over whatever texts, well-formed or not. */
export function signTexts(
  header: string | Buffer,
  payload: string | Buffer,
  key: KeyObject,
  algorithm: string,
): string {
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${signBytes(algorithm, input, key).toString('base64url')}`;
}

export const signToken = (header: Readonly<Record<string, unknown>>, claims: object, key: KeyObject): string =>
  signTexts(JSON.stringify(header), JSON.stringify(claims), key, String(header.alg));
