import type { Answer, Presence } from '../connector.ts';
import type { Exchange } from '../http/exchange.ts';
import { toMessage, toPrintable } from '../http/message.ts';
import { parseRetryAfter } from '../http/retry-after.ts';
import { wordsOf } from './decision.ts';

/** Why a request brought nothing. */
export type Failed = Extract<Answer, { kind: 'refused' | 'unavailable' | 'unknown' }>;

/** Thrown where a look did not come off. */
export class LapiError extends Error {
  override readonly name = 'LapiError';
  readonly failed: Failed;

  constructor(failed: Failed) {
    super(failed.message);
    this.failed = failed;
  }
}

/** How messages name the local API, and what they must not hold. */
export interface Named {
  readonly host: string;
  hideSecrets(text: string): string;
}

export const DONE: Answer = { kind: 'done', level: 'reported' };
export const GIVEN_UP: Failed = { kind: 'unavailable', message: 'The call was given up before anything was sent.' };
export const ABORTED: Failed = { kind: 'unknown', message: 'The call was given up before the local API answered.' };

const REFUSED: ReadonlySet<number> = new Set([400, 413, 422]);
const LATER: ReadonlySet<number> = new Set([429, 503]);

/** What an answer that is no success means, or that none came. */
export function toFailed(exchange: Exchange, { host, hideSecrets }: Named, now: Date): Failed {
  if (exchange.kind !== 'answered') {
    const { error } = exchange;
    const reason = hideSecrets(toPrintable(error.message || String((error as NodeJS.ErrnoException).code)));
    if (exchange.kind === 'unsent')
      return { kind: 'unavailable', message: toMessage(`Nothing was sent to CrowdSec at ${host}: ${reason}.`) };
    return { kind: 'unknown', message: toMessage(`The exchange with CrowdSec at ${host} broke off: ${reason}.`) };
  }
  const { status, headers, body } = exchange;
  const words = hideSecrets(toPrintable(wordsOf(body)));
  const message = toMessage(`CrowdSec at ${host} answered ${status}${words && `: ${words}`}.`);
  if (REFUSED.has(status)) return { kind: 'refused', message, subcode: status };
  if (LATER.has(status)) {
    const retryAfterMs = parseRetryAfter(headers['retry-after'], now);
    return { kind: 'unavailable', message, subcode: status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  if (status >= 400 && status < 500) return { kind: 'unavailable', message, subcode: status, fault: 'ours' };
  return { kind: 'unknown', message };
}

/** Where our own access is to blame, the operator is told what to look at. */
export const advised = (failed: Failed, advice: string): Failed =>
  'fault' in failed ? { ...failed, message: toMessage(`${failed.message} ${advice}`) } : failed;

export const nonsense = ({ host }: Named, what: string): Failed => ({
  kind: 'unknown',
  message: `The answer of CrowdSec at ${host} is no ${what}.`,
});

/** A question that came to nothing before anything was to be changed. */
export const notAsked = (failed: Failed): Failed =>
  failed.kind === 'refused' ? { ...failed, kind: 'unavailable', fault: 'ours' } : failed;

export function toUnknown(failed: Failed): Presence {
  const isOurs = failed.kind === 'refused' || (failed.kind === 'unavailable' && failed.fault === 'ours');
  const retryAfterMs = 'retryAfterMs' in failed ? failed.retryAfterMs : undefined;
  return {
    kind: 'unknown',
    message: failed.message,
    ...(isOurs && { fault: 'ours' as const }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}
