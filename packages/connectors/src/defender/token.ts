import type { Pool } from 'undici';
import { type Exchange, exchange } from '../http/exchange.ts';
import { PrivateAddress } from '../http/guarded-connect.ts';
import { toMessage, toPrintable } from '../http/message.ts';
import { parseRetryAfter } from '../http/retry-after.ts';
import { DefenderError, notNow } from './answers.ts';
import type { DefenderConfig } from './config.ts';

/** One token for all calls, asked for once. */
export interface Tokens {
  /** @throws {DefenderError} where there is none: nothing was sent to Defender */
  get(signal: AbortSignal): Promise<string>;
  /** Defender did not take it. */
  forget(token: string): void;
  /** Without the token. */
  hideFrom(text: string): string;
}

interface Token {
  readonly text: string;
  readonly renewAt: number;
}

const SCOPE = 'https://api.securitycenter.microsoft.com/.default';
const PATIENCE_MS = 30_000;
/** A token is not used in its last five minutes, or in the last half of a shorter life. */
const SPARE_MS = 300_000;
/** @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const BEARER = /^[\w.~+/-]+=*$/;

const ADVICE: Readonly<Record<string, string>> = {
  invalid_client: 'make a new client secret for the application in Entra, and let the configuration name it',
  unauthorized_client: 'see that clientId names an application of the tenant',
  invalid_request: 'see that tenantId and clientId are those of the application',
  invalid_scope: 'grant the application permissions of WindowsDefenderATP in Entra, with admin consent',
};

function parse(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function refusal(status: number, said: Readonly<Record<string, unknown>>, host: string): DefenderError {
  const error = String(said.error);
  const code = /^AADSTS\d+/.exec(String(said.error_description))?.[0] ?? '';
  const advice = ADVICE[error] ?? 'see to tenantId, clientId and secret';
  const word = toPrintable([error.slice(0, 40), code].join(' '));
  const message = toMessage(`${host} gives no token (${status} ${word}): ${advice}.`);
  return new DefenderError({ kind: 'notNow', message, subcode: status, fault: 'ours' });
}

/** @throws {DefenderError} */
function readToken(asked: Exchange, host: string, now: number): Token {
  if (asked.kind !== 'answered') {
    const message = toMessage(`No token came from ${host}: ${asked.error.message}.`);
    throw new DefenderError({
      kind: 'notNow',
      message,
      ...(asked.error instanceof PrivateAddress && { fault: 'ours' }),
    });
  }
  const { status, headers } = asked;
  const said = parse(asked.body);
  const isDenied = status === 400 || status === 401 || status === 403;
  if (isDenied && typeof said.error === 'string') throw refusal(status, said, host);
  const { access_token: text, expires_in: seconds } = said;
  if (status === 200 && typeof text === 'string' && BEARER.test(text) && typeof seconds === 'number' && seconds > 0) {
    const lifeMs = seconds * 1_000;
    return { text, renewAt: now + lifeMs - Math.min(SPARE_MS, lifeMs / 2) };
  }
  const retryAfterMs = parseRetryAfter(headers['retry-after'], new Date(now));
  const message = `${host} answered ${status} where a token was asked for.`;
  throw new DefenderError({
    kind: 'notNow',
    message,
    subcode: status,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** As the promise, or given up with the signal. */
function untilLeft<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: left, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(notNow('The call was ended before a token came: nothing was sent.'));
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  return Promise.race([promise, left]).finally(() => signal.removeEventListener('abort', leave));
}

export function createTokens(
  { clientId, secret, tokenUrl }: DefenderConfig,
  pool: Pool,
  now: () => Date,
  closing: AbortSignal,
): Tokens {
  let held: Token | undefined;
  let asking: Promise<string> | undefined;

  const ask = async (): Promise<string> => {
    const form = {
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: secret.reveal(),
      scope: SCOPE,
    };
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
    const request = { path: tokenUrl.pathname, headers, body: new URLSearchParams(form).toString() };
    const signal = AbortSignal.any([closing, AbortSignal.timeout(PATIENCE_MS)]);
    held = readToken(await exchange(pool, request, signal), tokenUrl.host, now().getTime());
    return held.text;
  };

  return {
    get(signal) {
      if (signal.aborted) return untilLeft(Promise.resolve(''), signal);
      if (held && now().getTime() < held.renewAt) return Promise.resolve(held.text);
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return untilLeft(asking, signal);
    },
    forget(token) {
      if (held?.text === token) held = undefined;
    },
    hideFrom: (text) => (held ? text.replaceAll(held.text, '***') : text),
  };
}
