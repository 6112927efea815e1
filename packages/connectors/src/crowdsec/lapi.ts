import { Pool } from 'undici';
import { type Exchange, exchange, type HttpRequest } from '../http/exchange.ts';
import { guardedConnect } from '../http/guarded-connect.ts';
import { secretsHider } from '../http/message.ts';
import { resolveBySystem } from '../http/resolve-name.ts';
import { advised, type Failed, type Named, nonsense, toFailed } from './answers.ts';
import type { CrowdsecConfig } from './config.ts';
import { type Decision, parseDecisions, parseJson } from './decision.ts';
import { createSession, type Session, USER_AGENT } from './session.ts';

/** CrowdSec's local API, as its machines and bouncers speak to it. */
export interface Lapi {
  /** What bouncers are told, narrowed by a query that begins with `?`. */
  read(query: string, signal: AbortSignal): Promise<readonly Decision[] | Failed>;
  /** Undefined where all of them were taken. */
  post(alerts: readonly object[], signal: AbortSignal): Promise<Failed | undefined>;
  /** Ends decisions of ours that have exactly this scenario. */
  remove(scenario: string, signal: AbortSignal): Promise<Failed | undefined>;
  /** Aborted by {@link close}. */
  readonly closing: AbortSignal;
  close(): Promise<void>;
}

/** Some 100,000 decisions. */
const MOST_READ_BYTES = 16 * 1024 ** 2;
const MAX_HEADER_BYTES = 16 * 1024;

const openPool = ({ url }: CrowdsecConfig): Pool =>
  new Pool(url.origin, {
    // The administrator names it, and it stands inside: no address is too private.
    connect: guardedConnect(true, resolveBySystem),
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
  });

/** A token that was refused did nothing: another one is fetched, once. */
async function write(
  pool: Pool,
  session: Session,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<Exchange | Failed> {
  for (let attempt = 1; ; attempt += 1) {
    const token = await session.token(signal);
    if (typeof token !== 'string') return token;
    const headers = { ...request.headers, authorization: `Bearer ${token}`, 'user-agent': USER_AGENT };
    const answer = await exchange(pool, { ...request, headers }, signal);
    if (answer.kind !== 'answered' || answer.status !== 401 || attempt === 2) return answer;
    session.forget(token);
  }
}

const isExchange = (outcome: Exchange | Failed): outcome is Exchange =>
  outcome.kind === 'answered' || outcome.kind === 'unsent' || outcome.kind === 'broken';

/** The local API writes its numbers as texts here. */
const isNumber = (value: unknown): boolean => typeof value === 'string' && /^\d{1,18}$/.test(value);

const isIds = (value: unknown, count: number): boolean =>
  Array.isArray(value) && value.length === count && value.every(isNumber);

const isCount = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'nbDeleted' in value && isNumber(value.nbDeleted);

export function openLapi(config: CrowdsecConfig): Lapi {
  const pool = openPool(config);
  const closing = new AbortController();
  const secrets = [config.password.reveal(), config.bouncerKey.reveal()];
  const named: Named = { host: config.url.host, hideSecrets: secretsHider(secrets) };
  const session = createSession(pool, config, named, closing.signal);

  const change = async (
    request: HttpRequest,
    signal: AbortSignal,
    success: { readonly status: number; readonly what: string; isIt(body: unknown): boolean },
  ): Promise<Failed | undefined> => {
    const answer = await write(pool, session, request, signal);
    if (!isExchange(answer)) return answer;
    if (answer.kind !== 'answered' || answer.status !== success.status) return toFailed(answer, named, new Date());
    return success.isIt(parseJson(answer.body)) ? undefined : nonsense(named, success.what);
  };

  return {
    closing: closing.signal,
    async read(query, signal) {
      const headers = { 'x-api-key': config.bouncerKey.reveal(), 'user-agent': USER_AGENT };
      const request = { method: 'GET', path: `/v1/decisions${query}`, headers } as const;
      const answer = await exchange(pool, request, signal, MOST_READ_BYTES);
      if (answer.kind !== 'answered' || answer.status !== 200)
        return advised(toFailed(answer, named, new Date()), 'Is bouncerKey a key that "cscli bouncers add" has made?');
      return parseDecisions(answer.body) ?? nonsense(named, 'list of decisions');
    },
    post(alerts, signal) {
      const headers = { 'content-type': 'application/json' };
      const request = { path: '/v1/alerts', headers, body: JSON.stringify(alerts) };
      return change(request, signal, { status: 201, what: 'list of alerts', isIt: (ids) => isIds(ids, alerts.length) });
    },
    remove(scenario, signal) {
      const query = new URLSearchParams({ origin: 'interdict', scenario });
      const request = { method: 'DELETE', path: `/v1/decisions?${query}`, headers: {} } as const;
      return change(request, signal, { status: 200, what: 'count of deletions', isIt: isCount });
    },
    async close() {
      closing.abort();
      await pool.destroy();
    },
  };
}
