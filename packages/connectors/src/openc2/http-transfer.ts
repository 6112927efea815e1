import { createSecureContext, getCACertificates } from 'node:tls';
import { Pool } from 'undici';
import { type Exchange, exchange } from '../http/exchange.ts';
import { guardedConnect, PrivateAddress } from '../http/guarded-connect.ts';
import { resolveBySystem } from '../http/resolve-name.ts';
import { parseRetryAfter } from '../http/retry-after.ts';
import type { Openc2Config } from './config.ts';
import { type Heard, parseReply, type Transfer, toMessageText } from './message.ts';
import type { Command } from './translate.ts';

/** @throws {Error} with one sentence for the operator */
function toSecureContext({ ca, certificate, key }: Openc2Config) {
  if (ca === undefined && certificate === undefined) return undefined;
  try {
    return createSecureContext({
      ...(ca !== undefined && { ca: [...getCACertificates('default'), ca] }),
      ...(certificate !== undefined && key && { cert: certificate, key: key.reveal() }),
    });
  } catch {
    throw new Error('The openc2 connector needs PEM in ca, certificate and key, and a key that fits the certificate.');
  }
}

function broken({ kind, error }: Exclude<Exchange, { readonly kind: 'answered' }>, host: string): Heard {
  const code = String((error as NodeJS.ErrnoException).code ?? '');
  // With TLS 1.3 the consumer turns our certificate down after the first bytes were sent: it has read none of them.
  const isTurnedDown = /^ERR_SSL_.*ALERT/.test(code);
  if (kind === 'broken' && !isTurnedDown)
    return { kind, message: `The exchange with ${host} broke off: ${error.message}.` };
  const ours = isTurnedDown || error instanceof PrivateAddress || /CERT|ALTNAME/.test(code);
  return { kind: 'unsent', message: `Nothing was done by ${host}: ${error.message || code}.`, ours };
}

/** An answer of HTTP without a response of OpenC2 in it. */
function bare(subcode: number, host: string, retryAfterMs: number | undefined): Heard {
  const message = `${host} answered HTTP ${subcode} without a response of OpenC2 to this command.`;
  if (subcode === 429 || subcode === 503) return { kind: 'unsent', message, subcode, retryAfterMs };
  if (subcode < 400 || subcode > 499 || subcode === 408) return { kind: 'broken', message };
  const hint = [401, 403, 407].includes(subcode) ? 'certificate, key and token' : 'url, messages and profileIn';
  return { kind: 'unsent', message: `${message} Look at ${hint}.`, ours: true, subcode };
}

/** @see https://docs.oasis-open.org/openc2/open-impl-https/v1.1/ */
export function openHttpTransfer(config: Openc2Config): Transfer {
  const { url, host, mediaType, token } = config;
  const pool = new Pool(url.origin, {
    connect: guardedConnect(config.allowPrivate, resolveBySystem, { secureContext: toSecureContext(config) }),
    pipelining: 1,
    // Calls end by their signals alone.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 16 * 1024,
  });
  const ask = async (command: Command, signal: AbortSignal): Promise<Heard> => {
    const now = new Date();
    const headers = {
      'content-type': mediaType,
      accept: mediaType.replace('-cmd', '-rsp'),
      'x-request-id': command.id,
      'cache-control': 'no-cache',
      ...(token && { authorization: `Bearer ${token.reveal()}` }),
    };
    const body = toMessageText(command, config, now);
    const outcome = await exchange(pool, { path: url.pathname, headers, body }, signal);
    if (outcome.kind !== 'answered') return broken(outcome, host);
    const retryAfterMs = parseRetryAfter(outcome.headers['retry-after'], now);
    const reply = parseReply(outcome.body);
    if (!reply || (reply.requestId ?? command.id) !== command.id) return bare(outcome.status, host, retryAfterMs);
    // There is one consumer: what it calls itself does not matter.
    return { kind: 'answered', replies: [{ ...reply, from: '' }], retryAfterMs };
  };
  return { ask, close: () => pool.destroy() };
}
