import type { ErrorCode, ErrorDetail, InnerErrorCode } from '@interdict/contract';

export interface RefusalOptions<Code extends ErrorCode> {
  /** The specific code; left out where the status says all. */
  readonly inner?: InnerErrorCode<Code>;
  /** Path of what is wrong, as in `parameters/0/value`, or a header's name. */
  readonly target?: string;
  readonly details?: readonly ErrorDetail[];
  /** Headers that the status demands: `Allow`, `Retry-After`, `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * A refusal that the caller can act on: it says what is wrong, where, and what would be right.
 * Thrown anywhere, answered in one place (`http/error-response.ts`). Whatever else is thrown is a bug and answers 500.
 */
export class Refusal<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'Refusal';
  readonly code: Code;
  readonly inner: InnerErrorCode | undefined;
  readonly target: string | undefined;
  readonly details: readonly ErrorDetail[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: Code, message: string, options: RefusalOptions<Code> = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.inner = options.inner as InnerErrorCode | undefined;
    this.target = options.target;
    this.details = options.details;
    this.headers = options.headers ?? {};
  }
}

/** Something that only the operator can mend: the message says what and how, in a sentence, and that is all they need. */
export class OperatorFault extends Error {
  override readonly name: string = 'OperatorFault';
}
