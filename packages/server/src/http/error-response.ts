import { ERRORS, type ErrorBody, type ErrorCode } from '@interdict/contract';
import { Refusal } from '../errors.ts';
import type { Answer } from './exchange.ts';

export interface RequestIds {
  readonly requestId: string;
  readonly clientRequestId: string;
}

/** Two refusals of Fastify's own, and one of zlib, by the code that they carry. */
const BY_CODE: Readonly<Record<string, () => Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () =>
    new Refusal('payloadTooLarge', 'The body is larger than 256 KB, or than 1 MB where it is a $batch.', {
      inner: 'limitExceeded',
    }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new Refusal('badRequest', 'The body has another length than Content-Length says.', { inner: 'malformedJson' }),
  FST_ERR_BAD_URL: () =>
    new Refusal('badRequest', 'The path has a broken percent escape.', { inner: 'invalidProperty', target: 'url' }),
  FST_ERR_MAX_PARAM_LENGTH: () => new Refusal('uriTooLong', 'A segment of the path is longer than 200 characters.'),
  Z_DATA_ERROR: () => new Refusal('badRequest', 'The body is no intact gzip stream.', { inner: 'malformedJson' }),
  Z_BUF_ERROR: () => new Refusal('badRequest', 'The gzip stream ends too early.', { inner: 'malformedJson' }),
  ECONNRESET: () => new Refusal('badRequest', 'The connection broke before the body was complete.'),
};

const codeOf = (thrown: unknown): string => String((thrown as { code?: unknown } | null)?.code ?? '');

/** The refusal that a thrown value stands for; undefined for a bug. */
export function toRefusal(thrown: unknown): Refusal | undefined {
  return thrown instanceof Refusal ? thrown : BY_CODE[codeOf(thrown)]?.();
}

/** Graph gives the date without zone and fraction. */
const errorDate = (at: Date): string => at.toISOString().slice(0, 19);

function errorBody(refusal: Refusal, { requestId, clientRequestId }: RequestIds, at: Date): ErrorBody {
  const { code, message, target, details, inner } = refusal;
  return {
    error: {
      code,
      message,
      ...(target !== undefined && { target }),
      ...(details !== undefined && { details }),
      innerError: {
        ...(inner !== undefined && { code: inner }),
        date: errorDate(at),
        'request-id': requestId,
        'client-request-id': clientRequestId,
      },
    },
  };
}

/** Answers that mean: not now. All of them say when. */
const AGAIN: ReadonlySet<number> = new Set([429, 503]);

/** The one place where a thrown value becomes an answer. What a bug says stays in the log. */
export function toErrorAnswer(thrown: unknown, ids: RequestIds, at: Date): Answer {
  const refusal =
    toRefusal(thrown) ??
    new Refusal('internalServerError', 'Something went wrong here. The log has the cause under this request-id.');
  const { status } = ERRORS[refusal.code as ErrorCode];
  return {
    status,
    headers: AGAIN.has(status) ? { 'Retry-After': '2', ...refusal.headers } : refusal.headers,
    contentType: 'application/json',
    body: JSON.stringify(errorBody(refusal, ids, at)),
  };
}
