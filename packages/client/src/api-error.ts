import type { ErrorBody, ErrorCode, InnerErrorCode } from '@interdict/contract';

/** An answer of the server that is an error: what was wrong, where, and under which request id the server has the cause. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Undefined where something between us and the server answered. */
  readonly code: ErrorCode | undefined;
  readonly innerCode: InnerErrorCode | undefined;
  /** Path of what was wrong, as in `parameters/0/value`. */
  readonly target: string | undefined;
  readonly requestId: string | undefined;
  /** Seconds after which to ask again, where the server says so. */
  readonly retryAfter: number | undefined;

  /** A gateway in between may word its errors nearly like the server: what is not there is not assumed. */
  constructor(status: number, body: ErrorBody | undefined, headers: Headers) {
    super(body?.error.message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = body?.error.code;
    this.innerCode = body?.error.innerError?.code;
    this.target = body?.error.target;
    this.requestId = body?.error.innerError?.['request-id'] ?? headers.get('request-id') ?? undefined;
    const retryAfter = Number(headers.get('retry-after') ?? Number.NaN);
    this.retryAfter = Number.isNaN(retryAfter) ? undefined : retryAfter;
  }
}
