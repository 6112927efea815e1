import { createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../errors.ts';
import { keyOf } from './token-key.ts';

/** Where a page begins, and what the first page was asked with. Plain data. */
export interface PageToken {
  readonly after: readonly string[];
  readonly top: number;
}

/** What binds a token: it is good for one tenant and one collection, on this installation. */
export interface TokenScope {
  readonly secret: Buffer;
  readonly tenantId: string;
  readonly collection: string;
}

const SIGNATURE_BYTES = 16;

const sign = ({ secret, tenantId, collection }: TokenScope, payload: string): Buffer =>
  createHmac('sha256', keyOf(secret))
    .update(`${tenantId}\n${collection}\n${payload}`)
    .digest()
    .subarray(0, SIGNATURE_BYTES);

/** Opaque, signed, and made of letters that no client escapes. */
export function formatPageToken(scope: TokenScope, token: PageToken): string {
  const payload = Buffer.from(JSON.stringify([token.top, ...token.after])).toString('base64url');
  return `${payload}.${sign(scope, payload).toString('base64url')}`;
}

const refused = (): Refusal =>
  new Refusal('badRequest', 'This "$skiptoken" is none of ours, or was changed. Follow a nextLink as it stands.', {
    inner: 'invalidQueryOption',
    target: '$skiptoken',
  });

function isSigned(scope: TokenScope, payload: string, signature: string): boolean {
  const given = Buffer.from(signature, 'base64url');
  const mine = sign(scope, payload);
  return given.toString('base64url') === signature && given.length === mine.length && timingSafeEqual(given, mine);
}

/** @throws {Refusal} invalidQueryOption for a token that was edited, or made for another tenant or collection */
export function parsePageToken(scope: TokenScope, text: string): PageToken {
  const [payload = '', signature = '', ...more] = text.split('.');
  if (text.length > 2_000 || more.length > 0 || !isSigned(scope, payload, signature)) throw refused();
  const [top, ...after] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [number, ...string[]];
  return { top, after };
}
