import type { IncomingHttpHeaders } from 'node:http';

const EXPOSED = [
  'request-id',
  'client-request-id',
  'Date',
  'ETag',
  'Location',
  'Retry-After',
  'OData-Version',
  'OData-EntityId',
  'Preference-Applied',
  'WWW-Authenticate',
  'Allow',
  'traceresponse',
  'Idempotency-Replayed',
  'Repeatability-Result',
  'Interdict-Recorded',
].join(', ');

const ASKED_FOR = [
  'Authorization',
  'Content-Type',
  'Content-Encoding',
  'Accept',
  'If-Match',
  'If-None-Match',
  'Prefer',
  'Idempotency-Key',
  'Repeatability-Request-ID',
  'Repeatability-First-Sent',
  'client-request-id',
  'return-client-request-id',
  'SdkVersion',
  'ConsistencyLevel',
  'OData-Version',
  'OData-MaxVersion',
  'Retry-Attempt',
  'traceparent',
  'tracestate',
  'Last-Event-ID',
  'Cache-Control',
].join(', ');

const MAX_AGE_SECONDS = 600;

type Headers = Readonly<Record<string, string>>;

/**
 * What a page of another origin needs to read an answer. Where no origin is configured there is nothing of it, and no
 * page of another origin reads anything. Never with credentials: tokens are sent by hand.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function corsHeaders(origins: readonly string[], { origin }: IncomingHttpHeaders): Headers {
  if (origins.length === 0) return {};
  const vary = { Vary: 'Origin' };
  if (origin === undefined || !origins.includes(origin)) return vary;
  return { ...vary, 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': EXPOSED };
}

/** What a preflight is told beside that. `allowed`: the methods of the path. */
export function preflightHeaders(
  origins: readonly string[],
  headers: IncomingHttpHeaders,
  allowed: readonly string[],
): Headers {
  const isPreflight = headers['access-control-request-method'] !== undefined;
  if (!isPreflight || headers.origin === undefined || !origins.includes(headers.origin)) return {};
  return {
    'Access-Control-Allow-Methods': allowed.join(', '),
    'Access-Control-Allow-Headers': ASKED_FOR,
    'Access-Control-Max-Age': String(MAX_AGE_SECONDS),
  };
}
