import type { Answer, Presence } from '../connector.ts';
import { type FailureKind, NftError, type NftFailure } from './nft-failure.ts';

const OURS: ReadonlySet<FailureKind> = new Set(['forbidden', 'notStarted', 'misunderstood']);

/** What a failed run means for a call. A release is never refused for good. */
export function toAnswer(failure: NftFailure, verb: 'apply' | 'release'): Answer {
  const { kind, message } = failure;
  if (kind === 'lost' || kind === 'overflow') return { kind: 'unknown', message };
  if (kind === 'rejected' && verb === 'apply') return { kind: 'refused', message };
  return { kind: 'unavailable', message, ...(OURS.has(kind) && { fault: 'ours' as const }) };
}

export const toUnknown = ({ kind, message }: NftFailure): Presence => ({
  kind: 'unknown',
  message,
  ...(OURS.has(kind) && { fault: 'ours' as const }),
});

/** The kernel's transaction is committed when nft exits. */
export const DONE: Answer = { kind: 'done', level: 'reported' };

export const GIVEN_UP: NftFailure = { kind: 'givenUp', message: 'The call was given up before anything was sent.' };

/** After a first transaction that failed. */
export const LEFT: NftFailure = { kind: 'lost', message: 'The call was given up before its turn came again.' };

export const SENT_BACK: NftFailure = {
  kind: 'busy',
  message: 'Too many entries that were to be changed with this one were refused: it was not tried by itself.',
};

/** What a look that did not come off means for the calls that needed it. */
export const answerOf =
  (verb: 'apply' | 'release') =>
  (error: unknown): Answer => {
    if (error instanceof NftError) return toAnswer(error.failure, verb);
    throw error;
  };
