import { randomUUID } from 'node:crypto';
import { type Exchange, type GuardedPost, toMessage } from '@interdict/connectors';
import { invalid } from './refuse.ts';

/** Posts to a receiver, guarded. */
export type PostTo = (post: GuardedPost, signal: AbortSignal) => Promise<Exchange>;

const MOST_ANSWER_BYTES = 4_096;

/** What a connection failed of, without the advice that Node adds for its own users. */
export function faultWords(error: Error): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return toMessage(message.replace(/; if the root CA is installed locally.*$/s, '') || code || 'no connection');
}

const faultText = (error: Error, timedOut: boolean, withinMs: number): string => {
  if (timedOut) return `it did not answer within ${withinMs / 1_000} s`;
  return faultWords(error);
};

function faultOf(exchange: Exchange, token: string, timedOut: boolean, withinMs: number): string | undefined {
  if (exchange.kind !== 'answered') return faultText(exchange.error, timedOut, withinMs);
  const { status, headers, body } = exchange;
  if (status !== 200)
    return `it answered ${status}${status >= 300 && status < 400 ? ', and redirects are not followed' : ''}`;
  const type = String(headers['content-type'] ?? '');
  if (!/^text\/plain\s*(?:;|$)/i.test(type)) {
    return `its answer is ${type === '' ? 'of no content type' : `"${toMessage(type).slice(0, 60)}"`}, not text/plain`;
  }
  return body.toString('utf8') === token
    ? undefined
    : 'its answer is not the validationToken, decoded, and nothing else';
}

/**
 * Asks a receiver to say back what only it was told, as Graph does. What it answered otherwise is not repeated.
 *
 * @throws {Refusal} invalidProperty, with what went wrong
 * @see https://learn.microsoft.com/graph/change-notifications-delivery-webhooks#notificationurl-validation
 */
export async function shakeHands(post: PostTo, url: URL, target: string, withinMs: number): Promise<void> {
  const token = `Validation: are you the receiver of this subscription? ${randomUUID()}`;
  const asked = new URL(url);
  asked.search = `${url.search === '' ? '?' : `${url.search}&`}validationToken=${encodeURIComponent(token)}`;
  const signal = AbortSignal.timeout(withinMs);
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    accept: 'text/plain',
    'user-agent': 'Interdict',
  };
  const exchange = await post({ url: asked, headers, body: '', mostAnswerBytes: MOST_ANSWER_BYTES }, signal);
  const fault = faultOf(exchange, token, signal.aborted, withinMs);
  if (fault === undefined) return;
  const words = `The receiver at "${target}" (${url.host}) did not pass the validation: ${fault.replace(/[.\s]+$/, '')}.`;
  throw invalid(target, words);
}
