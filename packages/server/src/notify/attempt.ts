import { type Exchange, parseRetryAfter, parseSigningKey, signedHeaders } from '@interdict/connectors';
import type { DeliveryRow, SubscriptionRow } from '../store/subscription-rows.ts';
import type { Deliverer } from './deliverer.ts';
import type { AttemptOutcome } from './judge-attempt.ts';
import { type Notice, notificationBody } from './notification-body.ts';
import { wordsOf } from './receiver-fault.ts';
import { unseal } from './seal.ts';
import { contentOf } from './subscription.ts';

const MOST_ANSWER_BYTES = 16 * 1024;
/** Graph's own limit, after which it counts a receiver as slow. */
const SLOW_MS = 2_900;

/** What is posted, to which of the receiver's addresses. */
export interface Outgoing {
  /** The same for every attempt. */
  readonly id: string;
  readonly kind: DeliveryRow['kind'];
  readonly notices: readonly Notice[];
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

type Told = Pick<AttemptOutcome, 'at' | 'isSlow'>;

function toOutcome(exchange: Exchange, told: Told, timedOut: boolean, withinMs: number): AttemptOutcome {
  if (exchange.kind !== 'answered') {
    const fault = sentence(wordsOf(exchange, timedOut, withinMs));
    return { ...told, isDelivered: false, status: null, fault, retryAfterMs: undefined };
  }
  const { status, headers } = exchange;
  const isDelivered = status >= 200 && status < 300;
  const fault = isDelivered ? null : `The receiver answered ${status}.`;
  return {
    ...told,
    isDelivered,
    status,
    fault,
    retryAfterMs: parseRetryAfter(headers['retry-after'], new Date(told.at)),
  };
}

/** Whose delivery it is. */
export interface Attempting {
  readonly tenantId: string;
  readonly onSlow: () => void;
  /** Breaks the attempt off. */
  readonly signal: AbortSignal;
  /** By `performance.now()`: from then on another process may post. */
  readonly leasedUntil: number;
}

/** Others may deliver in its place. A process that stood still hears of it here first: no timer has run meanwhile. */
export const isOutOfTurn = ({ signal, leasedUntil }: Pick<Attempting, 'signal' | 'leasedUntil'>): boolean =>
  signal.aborted || performance.now() >= leasedUntil;

/** Posts once, signed. Undefined where it was broken off: nobody knows what came of it; or out of turn: nothing did. */
export async function attempt(
  { deps }: Deliverer,
  attempting: Attempting,
  row: SubscriptionRow,
  { id, kind, notices }: Outgoing,
): Promise<AttemptOutcome | undefined> {
  const { tenantId, onSlow, signal: brokenOff } = attempting;
  const content = contentOf(row);
  const address = kind === 'change' ? content.notificationUrl : content.lifecycleNotificationUrl;
  const secrets = unseal(deps.secretsKey, { tenantId, id: row.id }, row.secrets);
  const body = notificationBody(tenantId, row, secrets, notices);
  const now = deps.store.clock.now();
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Interdict',
    ...signedHeaders(parseSigningKey(secrets.signingSecret), id, new Date(now), body),
  };
  const late = AbortSignal.timeout(deps.answerWithinMs);
  const signal = AbortSignal.any([late, brokenOff]);
  const url = new URL(address ?? content.notificationUrl);
  const wanted = { url, headers, body, mostAnswerBytes: MOST_ANSWER_BYTES };
  if (isOutOfTurn(attempting)) return undefined;
  const began = performance.now();
  const slow = setTimeout(onSlow, SLOW_MS);
  const exchange = await deps.post(wanted, signal).finally(() => clearTimeout(slow));
  if (exchange.kind !== 'answered' && brokenOff.aborted) return undefined;
  const told = { at: deps.store.clock.now(), isSlow: performance.now() - began > SLOW_MS };
  return toOutcome(exchange, told, late.aborted, deps.answerWithinMs);
}
