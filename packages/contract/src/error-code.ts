/**
 * Every answer that is an error: `error.code`, its HTTP status, and the `innerError.code`s that may
 * stand under it. Closed: a refusal outside this table does not compile. It only grows.
 */
// biome-ignore format: a table reads better in columns
export const ERRORS = {
  badRequest:                     { status: 400, inner: ['malformedJson', 'duplicateProperty', 'missingProperty', 'invalidProperty', 'unknownProperty',
                                                         'readOnlyProperty', 'missingParameter', 'invalidParameter', 'unknownParameter', 'unknownProvider',
                                                         'unknownAction', 'ambiguousProvider', 'protectedTarget', 'invalidQueryOption', 'invalidFilter',
                                                         'unsupportedFilter', 'limitExceeded'] },
  InvalidAuthenticationToken:     { status: 401, inner: ['missingToken', 'invalidToken'] },
  Authorization_RequestDenied:    { status: 403, inner: ['insufficientPermission', 'policyForbids', 'selfApproval'] },
  notFound:                       { status: 404, inner: ['unknownResource'] },
  methodNotAllowed:               { status: 405, inner: [] },
  notAcceptable:                  { status: 406, inner: [] },
  requestTimeout:                 { status: 408, inner: [] },
  conflict:                       { status: 409, inner: ['requestInProgress', 'notCancellable', 'notFinal', 'stillInForce', 'alreadyFinal',
                                                         'notAwaitingApproval', 'leaseLost'] },
  gone:                           { status: 410, inner: ['expiredToken', 'unknownResource'] },
  preconditionFailed:             { status: 412, inner: ['entityTagDoesNotMatch'] },
  payloadTooLarge:                { status: 413, inner: ['limitExceeded'] },
  uriTooLong:                     { status: 414, inner: [] },
  unsupportedMediaType:           { status: 415, inner: [] },
  unprocessableEntity:            { status: 422, inner: ['repeatabilityMismatch'] },
  failedDependency:               { status: 424, inner: ['dependencyFailed'] },
  tooManyRequests:                { status: 429, inner: ['limitExceeded'] },
  requestHeaderFieldsTooLarge:    { status: 431, inner: [] },
  internalServerError:            { status: 500, inner: [] },
  notImplemented:                 { status: 501, inner: ['notSupported'] },
  serviceUnavailable:             { status: 503, inner: [] },
  insufficientStorage:            { status: 507, inner: [] },
} as const;

export type ErrorCode = keyof typeof ERRORS;
export type InnerErrorCode<Code extends ErrorCode = ErrorCode> = (typeof ERRORS)[Code]['inner'][number];

/** One of several faults of one request. `target` is the path of the property, as in `parameters/0/value`. */
export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
}

/**
 * The body of every error answer.
 *
 * @see https://learn.microsoft.com/graph/errors
 */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly target?: string;
    readonly details?: readonly ErrorDetail[];
    readonly innerError: {
      readonly code?: InnerErrorCode;
      /** UTC without zone or fraction, as Graph sends it. */
      readonly date: string;
      readonly 'request-id': string;
      readonly 'client-request-id': string;
    };
  };
}
