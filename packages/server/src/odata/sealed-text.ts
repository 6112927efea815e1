import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Refusal } from '../errors.ts';

/** What binds a token: it is good for one tenant and one collection, on this installation. */
export interface TokenScope {
  readonly secret: Buffer;
  readonly tenantId: string;
  readonly collection: string;
}

const SIGNATURE_BYTES = 16;
/** Shorter texts do not shrink. */
const WORTH_PACKING = 300;
const LARGEST = 65_536;

/** Made once: anew for each token, a key would cost five times as much as the signature. */
const keys = new WeakMap<Buffer, KeyObject>();

function keyOf(secret: Buffer): KeyObject {
  const key = keys.get(secret) ?? createSecretKey(secret);
  keys.set(secret, key);
  return key;
}

/** Another one wherever the form of what is sealed changes: a text of an older form is none of ours. */
const FORM = 'sealed 2';

const sign = ({ secret, tenantId, collection }: TokenScope, payload: string): Buffer =>
  createHmac('sha256', keyOf(secret))
    .update(`${FORM}\n${tenantId}\n${collection}\n${payload}`)
    .digest()
    .subarray(0, SIGNATURE_BYTES);

/** A text that only this installation can have made, for one tenant and collection, in letters that no client escapes. */
export function sealText(scope: TokenScope, text: string): string {
  const plain = Buffer.from(text);
  const packed = plain.length > WORTH_PACKING;
  const payload = `${packed ? 'p' : 't'}${(packed ? deflateRawSync(plain) : plain).toString('base64url')}`;
  return `${payload}.${sign(scope, payload).toString('base64url')}`;
}

function isSealed(scope: TokenScope, sealed: string): boolean {
  const [payload = '', signature = '', ...more] = sealed.split('.');
  const given = Buffer.from(signature, 'base64url');
  const mine = sign(scope, payload);
  const isExact = more.length === 0 && given.toString('base64url') === signature;
  return isExact && given.length === mine.length && timingSafeEqual(given, mine);
}

/**
 * The text that was sealed.
 * @param option the query option that carries it, and `links` where it comes from, for the refusal
 * @throws {Refusal} invalidQueryOption for what was edited, or made for another tenant or collection
 */
export function unsealText(scope: TokenScope, sealed: string, option = '$skiptoken', links = 'a nextLink'): string {
  if (!isSealed(scope, sealed)) {
    const message = `This "${option}" is none of ours, or was changed. Follow ${links} as it stands.`;
    throw new Refusal('badRequest', message, { inner: 'invalidQueryOption', target: option });
  }
  const bytes = Buffer.from(sealed.slice(1, sealed.indexOf('.')), 'base64url');
  return (sealed.startsWith('p') ? inflateRawSync(bytes, { maxOutputLength: LARGEST }) : bytes).toString();
}
