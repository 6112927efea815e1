import type { Answer, Presence } from '../connector.ts';
import { CommandFailure } from '../socket/ask-command.ts';
import { UnboundError } from './control.ts';

export type Verb = 'apply' | 'release';

export const DONE: Answer = { kind: 'done', level: 'reported' };

export const NOT_SENT: Answer = { kind: 'unavailable', message: 'The call was given up before anything was sent.' };

export const LEFT: Answer = { kind: 'unknown', message: 'The call was given up before Unbound had answered.' };

/** What Unbound says no to, it has not done. A release is never refused for good. */
export const toRefused = (message: string, verb: Verb): Answer =>
  verb === 'apply' ? { kind: 'refused', message } : { kind: 'unavailable', message };

/** What an exchange that did not come off means for those who waited for it. */
export function toAnswer(error: unknown, verb: Verb): Answer {
  if (error instanceof UnboundError) return toRefused(error.message, verb);
  if (!(error instanceof CommandFailure)) throw error;
  const { message, isSent, fault } = error;
  return isSent ? { kind: 'unknown', message } : { kind: 'unavailable', message, ...(fault && { fault }) };
}

export function toUnknown(error: unknown): Presence {
  const fault = error instanceof CommandFailure ? error.fault : undefined;
  return { kind: 'unknown', message: (error as Error).message, ...(fault && { fault }) };
}

/** An administrator's zone of another type decides about its name itself: it is neither overwritten nor removed. */
export const otherType = (zone: string, type: string): string =>
  `Unbound has a local zone ${zone}. of type ${type}, which is not Interdict's: remove it from unbound.conf, or let it decide.`;
