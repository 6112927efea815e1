import { type Answer, type Exchange, type Presence, parseRetryAfter, toMessage } from '@interdict/connectors';
import type { Entry } from './translate.ts';

/** What is said to people must not hold a secret, though the product said it back. */
export type HideSecrets = (text: string) => string;

type Failed = Extract<Answer, { readonly kind: 'unavailable' | 'unknown' }>;

/** The body, if it is an object; what a proxy or a login page says is none of the product's answers. */
function bodyOf(exchange: Exchange): Readonly<Record<string, unknown>> {
  if (exchange.kind !== 'answered') return {};
  try {
    const body: unknown = JSON.parse(exchange.body.toString('utf8'));
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function messageOf(exchange: Exchange, hide: HideSecrets): string {
  if (exchange.kind !== 'answered') return toMessage(`MyProduct gave no answer: ${hide(exchange.error.message)}.`);
  const { error } = bodyOf(exchange);
  const words = typeof error === 'string' ? `: ${hide(error)}` : '';
  return toMessage(`MyProduct answered ${exchange.status}${words}.`);
}

/** What is neither a success nor a refusal. When in doubt it is `unknown`: the server then looks. */
function failed(exchange: Exchange, hide: HideSecrets): Failed {
  const message = messageOf(exchange, hide);
  if (exchange.kind === 'unsent') return { kind: 'unavailable', message };
  if (exchange.kind === 'broken') return { kind: 'unknown', message };
  const { status, headers } = exchange;
  if (status === 401 || status === 403) return { kind: 'unavailable', message, subcode: status, fault: 'ours' };
  if (status !== 429 && status !== 503) return { kind: 'unknown', message };
  const retryAfterMs = parseRetryAfter(headers['retry-after'], new Date());
  return { kind: 'unavailable', message, subcode: status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

const says = (exchange: Exchange, state: string): boolean =>
  exchange.kind === 'answered' && exchange.status === 200 && bodyOf(exchange).state === state;

export function toApplyAnswer(exchange: Exchange, hide: HideSecrets): Answer {
  if (says(exchange, 'blocked')) return { kind: 'done', level: 'reported' };
  const isRefused = exchange.kind === 'answered' && [400, 409, 422].includes(exchange.status);
  if (!isRefused) return failed(exchange, hide);
  return { kind: 'refused', message: messageOf(exchange, hide), subcode: exchange.status };
}

/** A 404 counts only in the product's own words: a wrong url has one too. */
export function toReleaseAnswer(exchange: Exchange, hide: HideSecrets): Answer {
  if (says(exchange, 'removed')) return { kind: 'done', level: 'reported' };
  const isGone = exchange.kind === 'answered' && exchange.status === 404 && bodyOf(exchange).error === 'no such entry';
  return isGone ? { kind: 'done', level: 'reported' } : failed(exchange, hide);
}

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Entry).id === 'string' &&
  typeof (value as Entry).address === 'string';

export interface Page {
  readonly entries: readonly Entry[];
  readonly isLast: boolean;
}

/** Undefined where it is no page, or not all of one. */
export function toPage(exchange: Exchange): Page | undefined {
  if (exchange.kind !== 'answered' || exchange.status !== 200) return undefined;
  const { entries, isLast } = bodyOf(exchange);
  if (!Array.isArray(entries) || !entries.every(isEntry) || typeof isLast !== 'boolean') return undefined;
  return { entries, isLast };
}

export function toPresence(exchange: Exchange, { id, address }: Entry, hide: HideSecrets): Presence {
  const page = toPage(exchange);
  if (!page) {
    const failure = failed(exchange, hide);
    const isOurs = failure.kind === 'unavailable' && failure.fault === 'ours';
    return { kind: 'unknown', message: failure.message, ...(isOurs && { fault: 'ours' as const }) };
  }
  const there = page.entries.filter((entry) => entry.address === address);
  if (there.some((entry) => entry.id === id)) return { kind: 'present', foreign: false };
  const isForeign = there.some((entry) => !entry.id.startsWith('interdict.'));
  return isForeign ? { kind: 'present', foreign: true } : { kind: 'absent' };
}
