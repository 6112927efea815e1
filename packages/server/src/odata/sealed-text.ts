import { createHmac, timingSafeEqual } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { TokenScope } from './page-token.ts';
import { keyOf } from './token-key.ts';

const SIGNATURE_BYTES = 16;
/** Shorter texts do not shrink. */
const WORTH_PACKING = 300;
const LARGEST = 65_536;

const sign = ({ secret, tenantId, collection }: TokenScope, payload: string): Buffer =>
  createHmac('sha256', keyOf(secret))
    .update(`${tenantId}\n${collection}\nsealed\n${payload}`)
    .digest()
    .subarray(0, SIGNATURE_BYTES);

/** A text that only this installation can have made, for one tenant and collection, in letters that no client escapes. */
export function sealText(scope: TokenScope, text: string): string {
  const plain = Buffer.from(text);
  const packed = plain.length > WORTH_PACKING;
  const payload = `${packed ? 'p' : 't'}${(packed ? deflateRawSync(plain) : plain).toString('base64url')}`;
  return `${payload}.${sign(scope, payload).toString('base64url')}`;
}

/** The text that was sealed; undefined for what was edited, or made for another tenant or collection. */
export function unsealText(scope: TokenScope, sealed: string): string | undefined {
  const [payload = '', signature = '', ...more] = sealed.split('.');
  const given = Buffer.from(signature, 'base64url');
  const mine = sign(scope, payload);
  const isMine =
    more.length === 0 &&
    given.toString('base64url') === signature &&
    given.length === mine.length &&
    timingSafeEqual(given, mine);
  if (!isMine) return undefined;
  const bytes = Buffer.from(payload.slice(1), 'base64url');
  return (payload.startsWith('p') ? inflateRawSync(bytes, { maxOutputLength: LARGEST }) : bytes).toString();
}
