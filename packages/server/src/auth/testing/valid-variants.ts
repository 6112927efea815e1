import { signTexts, signToken } from './signing-key.ts';
import type { TokenBase } from './token-bases.ts';
import { AUDIENCE } from './token-bases.ts';

export interface Specimen {
  readonly name: string;
  readonly base: TokenBase;
  readonly token: string;
}

const escapeAll = (text: string): string =>
  text.replace(/[A-Za-z]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The same claims with every letter of names and texts written as an escape. */
const escaped = (value: object): string => JSON.stringify(value).replace(/"([^"\\]*)"/g, (text) => escapeAll(text));

/** Ways in which a genuine token may be written that change nothing of what it says. */
export function validVariants(base: TokenBase, nowMs: number): readonly Specimen[] {
  const { header, claims, key } = base;
  const { alg, kid } = header;
  const now = Math.floor(nowMs / 1_000);
  const { nbf, ...withoutNbf } = claims as { nbf?: number };
  const sign = (name: string, changedHeader: object, changedClaims: object): Specimen => ({
    name: `${base.name}: ${name}`,
    base,
    token: signToken({ alg, ...changedHeader }, changedClaims, key.privateKey),
  });
  const texts = (name: string, headerText: string, claimsText: string): Specimen => ({
    name: `${base.name}: ${name}`,
    base,
    token: signTexts(headerText, claimsText, key.privateKey, alg),
  });
  return [
    sign('as issued', header, claims),
    sign('without typ', { kid }, claims),
    sign('typ at+jwt', { kid, typ: 'at+jwt' }, claims),
    sign('typ application/at+jwt', { kid, typ: 'application/at+jwt' }, claims),
    sign('typ in lower case', { kid, typ: 'jwt' }, claims),
    sign('with x5t', { ...header, x5t: kid }, claims),
    sign('audience in a list', header, { ...claims, aud: [AUDIENCE] }),
    sign('audience among others', header, { ...claims, aud: ['other', AUDIENCE] }),
    sign('without nbf', header, withoutNbf),
    sign('just expired', header, { ...claims, exp: now - 59 }),
    sign('about to be valid', header, { ...claims, nbf: now + 60, iat: now + 60 }),
    sign('fractions of seconds', header, { ...claims, exp: now + 100.25 }),
    sign('many claims', header, { ...claims, groups: Array.from({ length: 130 }, (_, at) => `group-${at}-of-them`) }),
    texts('white space', JSON.stringify(header, null, 1), ` ${JSON.stringify(claims, null, 1)}\n`),
    texts('escaped names', escaped(header), escaped(claims)),
  ];
}
