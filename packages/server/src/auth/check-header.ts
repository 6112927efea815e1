import type { Claims } from './claim-name.ts';
import type { Algorithm } from './key-set.ts';
import { ALGORITHMS } from './key-set.ts';
import { invalidToken, quote } from './refuse-token.ts';

/** What the header says about the key, once it has passed. */
export interface CheckedHeader {
  readonly algorithm: Algorithm;
  readonly kid: string | undefined;
  /** Whether `typ` says that this is an access token (RFC 9068). */
  readonly saysAccessToken: boolean;
}

/** A sentence that says what is wrong, or nothing. */
type HeaderCheck = (header: Claims) => string | undefined;

/** Members by which a token could bring its own key, or change how it is read. */
const REFUSED_MEMBERS = ['crit', 'jwk', 'jku', 'x5u', 'x5c', 'b64', 'enc', 'zip', 'cty'] as const;

const isAlgorithm = (value: unknown): value is Algorithm => ALGORITHMS.some((algorithm) => algorithm === value);

const algorithmIsAllowed: HeaderCheck = ({ alg }) =>
  isAlgorithm(alg) ? undefined : `The token's algorithm is ${quote(alg)}. This server takes ${ALGORITHMS.join(', ')}.`;

const membersAreHarmless: HeaderCheck = (header) => {
  const found = REFUSED_MEMBERS.find((name) => Object.hasOwn(header, name));
  return (
    found && `The token's header holds "${found}"; it may name its issuer's key, but bring none and change no rule.`
  );
};

const ACCESS_TOKEN_TYPES = ['at+jwt', 'application/at+jwt'];
const typeOf = ({ typ }: Claims): string => (typeof typ === 'string' ? typ.toLowerCase() : '');

/** `typ` may be absent: RFC 7515 leaves it to the issuer, several never send it, and an ID token shows in its claims. */
const typeIsAllowed: HeaderCheck = (header) =>
  !Object.hasOwn(header, 'typ') || ['jwt', ...ACCESS_TOKEN_TYPES].includes(typeOf(header))
    ? undefined
    : `The token's type is ${quote(header.typ)}; an access token has "JWT" or "at+jwt".`;

const kidIsText: HeaderCheck = ({ kid }) =>
  kid === undefined || (typeof kid === 'string' && kid !== '' && kid.length <= 512)
    ? undefined
    : 'The token\'s "kid" is no text of 1 to 512 characters.';

/** Only tokens for Microsoft's own services have a nonce there, and nobody else can verify those. */
const isNotForMicrosoft: HeaderCheck = (header) =>
  Object.hasOwn(header, 'nonce')
    ? 'The token is for Microsoft Graph itself. Ask Entra for the scope "api://<this server\'s application>/.default" instead.'
    : undefined;

const HEADER_CHECKS: readonly HeaderCheck[] = [
  algorithmIsAllowed,
  membersAreHarmless,
  typeIsAllowed,
  kidIsText,
  isNotForMicrosoft,
];

/** @throws {Refusal} `InvalidAuthenticationToken` */
export function checkHeader(header: Claims): CheckedHeader {
  for (const check of HEADER_CHECKS) {
    const fault = check(header);
    if (fault !== undefined) throw invalidToken(fault);
  }
  return {
    algorithm: header.alg as Algorithm,
    kid: header.kid as string | undefined,
    saysAccessToken: ACCESS_TOKEN_TYPES.includes(typeOf(header)),
  };
}
