import type { Repeatable } from '../actions/create-input.ts';
import { Refusal } from '../errors.ts';
import { canonicalJson, sha256 } from '../lib/canonical-json.ts';
import type { Clock } from '../lib/clock.ts';
import { type Exchange, headerOf } from './exchange.ts';
import { rootOf } from './links.ts';

const WINDOW_MS = 7 * 86_400_000;
const SKEW_MS = 60_000;
const LONGEST = 255;

/** Several where a client adds one each time. */
const ATTEMPTS = /^\d{1,9}(?:, ?\d{1,9})*$/;
/** 128 bits, compared within one tenant and application. */
const HASH_DIGITS = 32;

interface Clocks {
  readonly clock: Clock;
  /** The one that units of work go by. */
  readonly storeClock: Clock;
}

const refuse = (
  header: string,
  message: string,
  inner: 'invalidProperty' | 'missingProperty' | 'limitExceeded',
): Refusal => new Refusal('badRequest', message, { inner, target: header });

const IMF_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

/** Too old a request may have been made under a key that is not kept any more: it would be made twice. */
function checkFirstSent(exchange: Exchange, now: number): void {
  const header = 'Repeatability-First-Sent';
  const text = headerOf(exchange, 'repeatability-first-sent');
  if (text === undefined) {
    throw refuse(header, `${header} must go with Repeatability-Request-ID.`, 'missingProperty');
  }
  const at = IMF_DATE.test(text) ? Date.parse(text) : Number.NaN;
  // Written again it must be the same text: a 31st of February would become a day in March.
  if (Number.isNaN(at) || new Date(at).toUTCString() !== text) {
    throw refuse(header, `${header} must be an HTTP date, as in Tue, 24 Nov 2026 20:00:00 GMT.`, 'invalidProperty');
  }
  if (at > now + SKEW_MS) throw refuse(header, `${header} lies in the future.`, 'invalidProperty');
  if (at < now - WINDOW_MS)
    throw refuse(header, `${header} is older than the 7 days that keys are kept.`, 'invalidProperty');
}

function checkKey(header: string, key: string): string {
  if (key.length === 0) throw refuse(header, `${header} is empty.`, 'invalidProperty');
  if (Buffer.byteLength(key) > LONGEST)
    throw refuse(header, `${header} is longer than ${LONGEST} bytes.`, 'limitExceeded');
  return key;
}

/** An sf-string of RFC 8941, or a bare token: clients send both. */
function unquote(key: string): string {
  if (!key.startsWith('"')) return key;
  const found = /^"((?:[\x20\x21\x23-\x5B\x5D-\x7E]|\\["\\])*)"$/.exec(key);
  if (!found)
    throw refuse(
      'Idempotency-Key',
      'Idempotency-Key begins with a quote and is no text in quotes, as in "8e03978e-40d5".',
      'invalidProperty',
    );
  return (found[1] ?? '').replace(/\\(.)/g, '$1');
}

/** Whoever sends one of the two believes that a repeat is safe. */
function refuseLoneFirstSent(exchange: Exchange): void {
  if (headerOf(exchange, 'repeatability-first-sent') === undefined) return;
  const message = 'Repeatability-First-Sent must go with Repeatability-Request-ID.';
  throw refuse('Repeatability-Request-ID', message, 'missingProperty');
}

function givenKey(exchange: Exchange, now: number): string | undefined {
  const repeatability = headerOf(exchange, 'repeatability-request-id');
  const idempotency = headerOf(exchange, 'idempotency-key');
  const quoted = idempotency === undefined ? undefined : checkKey('Idempotency-Key', unquote(idempotency.trim()));
  if (repeatability === undefined) {
    refuseLoneFirstSent(exchange);
    return quoted;
  }
  const key = checkKey('Repeatability-Request-ID', repeatability.trim());
  checkFirstSent(exchange, now);
  if (quoted !== undefined && quoted !== key) {
    throw refuse(
      'Idempotency-Key',
      'Idempotency-Key and Repeatability-Request-ID name two keys. Send one.',
      'invalidProperty',
    );
  }
  return key;
}

/** @throws {Refusal} invalidProperty for what is no number of attempts */
function isSentAgain(exchange: Exchange): boolean {
  const header = 'Retry-Attempt';
  const text = headerOf(exchange, 'retry-attempt');
  if (text === undefined) return false;
  if (!ATTEMPTS.test(text)) {
    const words = `${header} is no number of repeats, as in 1. Send the number that this one is, or leave it away.`;
    throw refuse(header, words, 'invalidProperty');
  }
  return /[1-9]/.test(text);
}

/**
 * What the request may be repeated by: the key that it names, good for one tenant, app, method and path; or without
 * one itself, where its client says that it sends it again.
 *
 * @throws {Refusal} missingProperty, invalidProperty, limitExceeded
 * @see https://docs.oasis-open.org/odata/repeatable-requests/v1.0/repeatable-requests-v1.0.html
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function readRepeatable(exchange: Exchange, { clock, storeClock }: Clocks): Repeatable {
  const key = givenKey(exchange, clock.now());
  const { caller, method, path, root, body, startedAt } = exchange;
  const scope = [caller?.tenantId, caller?.appId, method, rootOf('', root) + path.toLowerCase()];
  const text = canonicalJson(body);
  // Of what is stored for a week and longer: another text would forget every key at an upgrade.
  if (key !== undefined)
    return { kind: 'key', hash: sha256(JSON.stringify([...scope, key])), fingerprint: sha256(text) };
  const isRepeat = isSentAgain(exchange);
  const hash = sha256(`${JSON.stringify(scope)}${text}`).slice(0, HASH_DIGITS);
  return { kind: 'keyless', hash, isRepeat, arrivedAt: storeClock.now() - (performance.now() - startedAt) };
}
