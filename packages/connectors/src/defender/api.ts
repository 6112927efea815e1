import { Pool } from 'undici';
import { type Exchange, exchange, type HttpRequest } from '../http/exchange.ts';
import { guardedConnect, PrivateAddress } from '../http/guarded-connect.ts';
import { secretsHider, toMessage, toPrintable } from '../http/message.ts';
import type { Resolve } from '../http/resolve-name.ts';
import { parseRetryAfter } from '../http/retry-after.ts';
import { DefenderError, type Failure, unclear } from './answers.ts';
import type { DefenderConfig } from './config.ts';
import { createTokens } from './token.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Defender's API, with the token that it wants. Every method throws a {@link DefenderError} where it fails. */
export interface Api extends Hearing {
  /** Ends all that is under way. */
  readonly closing: AbortSignal;
  /** `permission` is what Entra calls the right that the request needs. Undefined where the answer has no body. */
  post(path: string, body: object, permission: string, signal: AbortSignal): Promise<Row | undefined>;
  /** All rows of a collection. @param filter of OData */
  rows(path: string, filter: string | undefined, permission: string, signal: AbortSignal): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** What the documentation lets one page have. */
const PAGE_ROWS = 10_000;
/** 10,000 indicators of some 700 bytes come to 7 MB. */
const MOST_BYTES = 24 * 1024 * 1024;
const MOST_CONNECTIONS = 32;

/** A text in a filter. @see https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

const decoder = new TextDecoder('utf-8', { fatal: true });

function parse(body: Buffer): Row {
  try {
    const value: unknown = JSON.parse(decoder.decode(body));
    return isRow(value) ? value : {};
  } catch {
    return {};
  }
}

/** The rows in the answer of a collection, or of an import. @throws {DefenderError} */
export function rowsIn(said: Row | undefined): readonly Row[] {
  const value = said?.value;
  if (Array.isArray(value) && value.every(isRow)) return value;
  throw unclear('Defender answered without the list that was asked for.');
}

interface Heard {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly permission: string;
}

/** By the codes of Defender's page on errors. */
function failureOf({ status, code, message, permission }: Heard): Failure {
  const isOurs = { kind: 'notNow', subcode: status, fault: 'ours' } as const;
  if (status === 401) return { ...isOurs, message: `${message} Its token is not taken: see to tenantId and url.` };
  if (status === 403 && code === 'DisabledFeature') return { ...isOurs, message: `${message} Turn it on in Defender.` };
  if (status === 403 && code !== 'DisallowedOperation') {
    return { ...isOurs, message: `${message} Grant the application ${permission} in Entra, with admin consent.` };
  }
  if (status === 429 || status === 503) return { kind: 'notNow', message, subcode: status };
  if (status >= 400 && status < 500 && status !== 408) return { kind: 'refused', message, subcode: status };
  return { kind: 'unclear', message };
}

function toFailure(
  answered: Exclude<Exchange, { kind: 'unsent' | 'broken' }>,
  permission: string,
  api: Hearing,
): Failure {
  const { status, headers, body } = answered;
  const { error: said } = parse(body);
  const error = isRow(said) ? said : {};
  const code = typeof error.code === 'string' ? toPrintable(error.code) : '';
  const words = typeof error.message === 'string' ? toPrintable(error.message) : '';
  const text = api.hide([code, words].filter(Boolean).join(': ')).slice(0, 150);
  const failure = failureOf({ status, code, message: `Defender answered ${status}${text && ` ${text}`}.`, permission });
  const retryAfterMs = parseRetryAfter(headers['retry-after'], api.now());
  return { ...failure, message: toMessage(failure.message), ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** What is needed to say what an answer means. */
interface Hearing {
  readonly now: () => Date;
  /** Takes our secrets out of what somebody else wrote. */
  hide(text: string): string;
}

/** @throws {DefenderError} */
function read(asked: Exchange, permission: string, api: Hearing): Row | undefined {
  if (asked.kind === 'answered') {
    if (asked.status < 200 || asked.status > 299) throw new DefenderError(toFailure(asked, permission, api));
    if (asked.status === 204) return undefined;
    return parse(asked.body);
  }
  const why = api.hide(toPrintable(asked.error.message || String((asked.error as NodeJS.ErrnoException).code)));
  if (asked.kind === 'broken') throw unclear(toMessage(`The exchange with Defender broke off: ${why}.`));
  const message = toMessage(`Nothing was sent to Defender: ${why}.`);
  throw new DefenderError({ kind: 'notNow', message, ...(asked.error instanceof PrivateAddress && { fault: 'ours' }) });
}

const openPool = (url: URL, allowPrivate: boolean, resolve: Resolve): Pool =>
  new Pool(url.origin, {
    connect: guardedConnect(allowPrivate, resolve),
    connections: MOST_CONNECTIONS,
    pipelining: 1,
    // Calls end by their signals alone.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 16 * 1024,
  });

export function openApi(config: DefenderConfig, resolve: Resolve, now: () => Date): Api {
  const closing = new AbortController();
  const pool = openPool(config.url, config.allowPrivate, resolve);
  const tokenPool = openPool(config.tokenUrl, config.allowPrivate, resolve);
  const tokens = createTokens(config, tokenPool, now, closing.signal);
  const hideSecret = secretsHider([config.secret.reveal()]);
  const hearing: Hearing = { now, hide: (text) => hideSecret(tokens.hideFrom(text)) };

  const send = async (request: Pick<HttpRequest, 'method' | 'path' | 'body'>, signal: AbortSignal) => {
    const token = await tokens.get(signal);
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'user-agent': 'Interdict' };
    const json = request.body === undefined ? {} : { 'content-type': 'application/json' };
    const asked = await exchange(pool, { ...request, headers: { ...headers, ...json } }, signal, MOST_BYTES);
    return { asked, token };
  };

  /** A token that was revoked before its end: nothing was done, and another one is tried once. */
  const ask = async (
    request: Pick<HttpRequest, 'method' | 'path' | 'body'>,
    permission: string,
    signal: AbortSignal,
  ) => {
    const first = await send(request, signal);
    if (first.asked.kind !== 'answered' || first.asked.status !== 401) return read(first.asked, permission, hearing);
    tokens.forget(first.token);
    return read((await send(request, signal)).asked, permission, hearing);
  };

  return {
    ...hearing,
    closing: closing.signal,
    post: (path, body, permission, signal) =>
      ask({ method: 'POST', path: `/api/${path}`, body: JSON.stringify(body) }, permission, signal),
    async rows(path, filter, permission, signal) {
      const all: Row[] = [];
      for (;;) {
        const query = `$top=${PAGE_ROWS}&$skip=${all.length}${filter ? `&$filter=${encodeURIComponent(filter)}` : ''}`;
        const said = await ask({ method: 'GET', path: `/api/${path}?${query}` }, permission, signal);
        const page = rowsIn(said);
        all.push(...page);
        // Its own address of the next page is not followed: it might lead anywhere.
        if (page.length < PAGE_ROWS && said?.['@odata.nextLink'] === undefined) return distinct(all);
        if (page.length === 0) throw unclear('Defender announced more rows, and gave none.');
      }
    },
    async close() {
      closing.abort();
      await Promise.all([pool.destroy(), tokenPool.destroy()]);
    },
  };
}

/** Where rows came or went between two pages, one may be missing: such a list is not whole. @throws {DefenderError} */
function distinct(rows: readonly Row[]): readonly Row[] {
  if (new Set(rows.map(({ id }) => id)).size === rows.length) return rows;
  throw unclear('Rows moved while Defender listed them: the list is not whole.');
}
