import { randomUUID } from 'node:crypto';
import type { Exchange } from '@interdict/connectors';
import { Refusal } from '../errors.ts';
import type { NotifyDeps } from './notify-deps.ts';
import { wordsOf } from './receiver-fault.ts';
import { invalid } from './refuse.ts';

const MOST_ANSWER_BYTES = 4_096;

/** One of a few phrases: what a receiver of somebody else's answers is not repeated. */
function faultOf(exchange: Exchange, token: string, timedOut: boolean, withinMs: number): string | undefined {
  if (exchange.kind !== 'answered') return wordsOf(exchange, timedOut, withinMs);
  const { status, headers, body } = exchange;
  if (status !== 200 || !/^text\/plain\s*(?:;|$)/i.test(String(headers['content-type'] ?? ''))) {
    return 'it answered with something else than 200 and text/plain';
  }
  return body.toString('utf8') === token ? undefined : 'its body is not the validationToken, decoded, and nothing else';
}

/** The receiver did not pass. */
export class NotPassed extends Error {
  override readonly name = 'NotPassed';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/**
 * Asks a receiver to say back what only it was told, as Graph does. What it answered otherwise is not repeated.
 *
 * @throws {NotPassed} with invalidProperty and what went wrong
 * @throws {Refusal} serviceUnavailable where this process stops meanwhile
 * @see https://learn.microsoft.com/graph/change-notifications-delivery-webhooks#notificationurl-validation
 */
export async function shakeHands(
  { post, answerWithinMs, stopping }: Pick<NotifyDeps, 'post' | 'answerWithinMs' | 'stopping'>,
  url: URL,
  target: string,
): Promise<void> {
  const token = `Validation: are you the receiver of this subscription? ${randomUUID()}`;
  const asked = new URL(url);
  asked.search = `${url.search === '' ? '?' : `${url.search}&`}validationToken=${encodeURIComponent(token)}`;
  const late = AbortSignal.timeout(answerWithinMs);
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    accept: 'text/plain',
    'user-agent': 'Interdict',
  };
  const wanted = { url: asked, headers, body: '', mostAnswerBytes: MOST_ANSWER_BYTES };
  const exchange = await post(wanted, AbortSignal.any([late, stopping]));
  if (exchange.kind !== 'answered' && stopping.aborted && !late.aborted) {
    const words = 'The server stops, and could not wait for the receiver. Ask again in a moment.';
    throw new Refusal('serviceUnavailable', words, { headers: { 'Retry-After': '2' } });
  }
  const fault = faultOf(exchange, token, late.aborted, answerWithinMs);
  if (fault === undefined) return;
  const words = `The receiver at "${target}" (${url.host}) did not pass the validation: ${fault}.`;
  throw new NotPassed(invalid(target, words));
}
