import type { Answer, Presence } from '../connector.ts';

/** Why nothing came of a request. */
export interface Failure {
  /** `notNow`: certainly nothing was done. `unclear`: it may have been. `refused`: Defender will not do this. */
  readonly kind: 'notNow' | 'refused' | 'unclear';
  readonly message: string;
  /** The HTTP status. */
  readonly subcode?: number;
  readonly retryAfterMs?: number;
  readonly fault?: 'ours';
}

export class DefenderError extends Error {
  override readonly name = 'DefenderError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export const unclear = (message: string): DefenderError => new DefenderError({ kind: 'unclear', message });
export const notNow = (message: string): DefenderError => new DefenderError({ kind: 'notNow', message });

/** @throws what is no failure of Defender's */
function failureOf(error: unknown): Failure {
  if (error instanceof DefenderError) return error.failure;
  throw error;
}

/** What a failure means for a call. A release is never refused for good. */
export function toAnswer(error: unknown, verb: 'apply' | 'release'): Answer {
  const { kind, message, ...more } = failureOf(error);
  if (kind === 'unclear') return { kind: 'unknown', message, ...waitOf(more) };
  if (kind === 'refused' && verb === 'apply') {
    return { kind: 'refused', message, ...(more.subcode !== undefined && { subcode: more.subcode }) };
  }
  return { kind: 'unavailable', message, ...more };
}

const waitOf = ({ retryAfterMs }: Pick<Failure, 'retryAfterMs'>): { retryAfterMs?: number } =>
  retryAfterMs === undefined ? {} : { retryAfterMs };

export function toUnknown(error: unknown): Presence {
  const failure = failureOf(error);
  const { message, fault } = failure;
  return { kind: 'unknown', message, ...waitOf(failure), ...(fault && { fault }) };
}
