import type { Claims } from './claim-name.ts';
import { quote } from './refuse-token.ts';

/** How far an issuer's clock may be from ours. */
export const CLOCK_SKEW_SECONDS = 60;

/** Seconds of the year 5138; issuers that count milliseconds are beyond it. */
const LATEST_SECONDS = 1e11;

const isSeconds = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < LATEST_SECONDS;

const show = (seconds: number): string => new Date(seconds * 1_000).toISOString();

function findUnreadable(claims: Claims): string | undefined {
  if (!Object.hasOwn(claims, 'exp')) return 'The token has no "exp": this server takes no token without an end.';
  const wrong = ['exp', 'nbf', 'iat'].find((name) => Object.hasOwn(claims, name) && !isSeconds(claims[name]));
  if (wrong === undefined) return undefined;
  return `The token's "${wrong}" is ${quote(claims[wrong])}; a number of seconds since 1970 is expected.`;
}

/**
 * What is wrong with a token's times now, as a sentence; undefined where nothing is.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
 */
export function checkTimes(claims: Claims, nowMs: number): string | undefined {
  const unreadable = findUnreadable(claims);
  if (unreadable !== undefined) return unreadable;
  const now = nowMs / 1_000;
  const { exp, nbf = 0, iat = 0 } = claims as { readonly exp: number; readonly nbf?: number; readonly iat?: number };
  if (now >= exp + CLOCK_SKEW_SECONDS) return `The token expired at ${show(exp)}; here it is ${show(now)}.`;
  if (now < nbf - CLOCK_SKEW_SECONDS) return `The token is valid only from ${show(nbf)}; here it is ${show(now)}.`;
  if (now < iat - CLOCK_SKEW_SECONDS)
    return `The token is of ${show(iat)}, which is yet to come; here it is ${show(now)}.`;
  if (iat > exp || nbf > exp) return 'The token ends before it begins.';
  return undefined;
}
