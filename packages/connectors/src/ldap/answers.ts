import type { Answer, Presence } from '../connector.ts';
import { toMessage } from '../http/message.ts';
import { Failure } from './failure.ts';
import { Rejection } from './rejection.ts';

const subcodeOf = (failure: Failure): { readonly subcode?: number } =>
  failure instanceof Rejection ? { subcode: failure.code } : {};

/** What a call that did not come off means. A release is never refused for good. */
export function toAnswer(failure: unknown, verb: 'apply' | 'release'): Answer {
  if (!(failure instanceof Failure)) throw failure;
  const message = toMessage(failure.message);
  if (failure.wasSent) return { kind: 'unknown', message };
  const isFinal = failure instanceof Rejection && failure.sense === 'final';
  if (isFinal && verb === 'apply') return { kind: 'refused', message, ...subcodeOf(failure) };
  return { kind: 'unavailable', message, ...subcodeOf(failure), ...(failure.isOurs && { fault: 'ours' }) };
}

export function toUnknown(failure: unknown): Presence {
  if (!(failure instanceof Failure)) throw failure;
  return { kind: 'unknown', message: toMessage(failure.message), ...(failure.isOurs && { fault: 'ours' }) };
}
