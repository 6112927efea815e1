import { ERRORS, type ErrorCode } from '@interdict/contract';
import type { Example } from './example.ts';

const REQUEST_ID = '1c7ef142-cc43-432c-b13d-ed10baec71d1';

interface Told {
  readonly inner?: string;
  readonly target?: string;
}

function toExample(code: ErrorCode, message: string, { inner, target }: Told): [string, Example] {
  const value = {
    error: {
      code,
      message,
      ...(target !== undefined && { target }),
      innerError: {
        ...(inner !== undefined && { code: inner }),
        date: '2026-11-26T14:05:08',
        'request-id': REQUEST_ID,
        'client-request-id': REQUEST_ID,
      },
    },
  };
  return [String(ERRORS[code].status), { value }];
}

// biome-ignore format: a table reads better in columns
const TOLD: readonly (readonly [code: ErrorCode, message: string, told: Told])[] = [
  ['badRequest', '"203.0.113.999" is not an IP address. An address is four plain decimals, as in "203.0.113.9", or IPv6, as in "2001:db8::9".', { inner: 'invalidParameter', target: 'parameters/0/value' }],
  ['InvalidAuthenticationToken', 'The request has no Authorization header. Send "Authorization: Bearer <token>". Microsoft\'s JavaScript client sends its token only over https and only to hosts that it was told: make it with `Client.init({ baseUrl: "https://<this host>:<https port>/", customHosts: new Set(["<this host>"]), … })`. Kiota\'s clients take the host in `allowedHosts`.', { inner: 'missingToken' }],
  ['Authorization_RequestDenied', "This needs the permission SecurityActions.ReadWrite.All, as a role of an application or as a scope of an app that acts for a user; the token is an application's, with the roles: SecurityActions.Read.All.", { inner: 'insufficientPermission' }],
  ['notFound', 'There is no securityAction "01a21543-a2c2-705c-815c-a7478ead0599".', { inner: 'unknownResource', target: 'id' }],
  ['notAcceptable', 'This answers with application/json, which "text/html" does not take.', { target: 'accept' }],
  ['conflict', 'Its effect is inForce. Cancel it, and delete it once that is released.', { inner: 'stillInForce', target: 'enforcement/state' }],
  ['gone', 'The securityAction that this request made was deleted since.', { inner: 'unknownResource' }],
  ['preconditionFailed', 'The securityAction has another ETag by now. Get it, and decide anew.', { inner: 'entityTagDoesNotMatch', target: 'If-Match' }],
  ['payloadTooLarge', 'The body is larger than 256 KB.', { inner: 'limitExceeded' }],
  ['unsupportedMediaType', 'Content-Type "text/plain" is not served; application/json in UTF-8 is.', { target: 'content-type' }],
  ['unprocessableEntity', 'This key was used for another request. Use a new key for a new request.', { inner: 'repeatabilityMismatch' }],
  ['tooManyRequests', 'This application may send 2 PATCH requests a minute here. Try again in 30 s.', { inner: 'limitExceeded' }],
  ['serviceUnavailable', 'The server cannot do its work at present.', {}],
];

/** One true error for each status that a description names, by status. */
export const ERROR_EXAMPLES: Readonly<Record<string, Example>> = Object.fromEntries(
  TOLD.map(([code, message, told]) => toExample(code, message, told)),
);
