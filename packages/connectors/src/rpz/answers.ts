import type { Answer, Presence } from '../connector.ts';
import { toMessage } from '../http/message.ts';

/** Why an exchange brought nothing. `ours`: access or configuration is to blame. */
export interface Failure {
  /** `unsent` and `refused`: certainly nothing was done. `lost`: nobody knows. */
  readonly kind: 'unsent' | 'refused' | 'lost';
  readonly message: string;
  readonly isOurs?: boolean;
  /** The code of the DNS answer. */
  readonly rcode?: number;
}

export class DnsFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(toMessage(failure.message));
    this.failure = { ...failure, message: toMessage(failure.message) };
  }
}

const fault = ({ isOurs }: Failure): { fault?: 'ours' } => (isOurs ? { fault: 'ours' } : {});

/** Nothing of what a server refuses is refused for good: its access lists are to blame, or ours. */
export function toAnswer(failure: Failure): Answer {
  const { kind, message, rcode } = failure;
  if (kind === 'lost') return { kind: 'unknown', message };
  return { kind: 'unavailable', message, ...(rcode !== undefined && { subcode: rcode }), ...fault(failure) };
}

export const toUnknown = (failure: Failure): Presence => ({
  kind: 'unknown',
  message: failure.message,
  ...fault(failure),
});

/** The primary has it: whether the resolvers go by it only a look tells. */
export const TAKEN: Answer = { kind: 'done', level: 'accepted' };

export const GIVEN_UP: Failure = { kind: 'unsent', message: 'The call was given up before anything was sent.' };

export const LEFT: Failure = { kind: 'lost', message: 'The call was ended before the answer of the name server.' };

/** What was thrown, as a failure. @throws what is a bug */
export function failureOf(error: unknown): Failure {
  if (error instanceof DnsFailure) return error.failure;
  throw error;
}
