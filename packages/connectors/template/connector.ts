import {
  type Answer,
  type Call,
  type Connector,
  type ConnectorKind,
  type Exchange,
  exchange,
  type HttpRequest,
  type ListedEffect,
  openPool,
  secretsHider,
} from '@interdict/connectors';
import { toApplyAnswer, toPage, toPresence, toReleaseAnswer } from './answers.ts';
import { CONFIG_SCHEMA, type MyProductConfig, parseConfig } from './config.ts';
import { TRAITS } from './traits.ts';
import { type Entry, tenantOf, toApply, toEntry, toLook, toPage as toPageRequest, toRelease } from './translate.ts';

type Send = (request: HttpRequest, signal: AbortSignal) => Promise<Exchange>;

/** No product of this size has more; one that goes on for ever is left. */
const MOST_PAGES = 10_000;

/** All pages, or it throws: half a list would have the server put back what is there. */
async function readAll(send: Send, signal: AbortSignal): Promise<readonly Entry[]> {
  const all: Entry[] = [];
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const read = toPage(await send(toPageRequest(all.at(-1)?.id ?? ''), signal));
    if (!read) throw new Error('MyProduct did not give a whole list.');
    all.push(...read.entries);
    if (read.isLast) return all;
    if (read.entries.length === 0) break;
  }
  throw new Error('The list of MyProduct has no end.');
}

function toListed(entries: readonly Entry[], tenantId: string): readonly ListedEffect[] {
  return entries.flatMap((entry) => {
    const tenant = tenantOf(entry);
    if (tenant !== undefined && tenant !== tenantId.toLowerCase()) return [];
    const target = { kind: 'ip' as const, value: entry.address };
    return [{ action: 'BlockIp', target, foreign: tenant === undefined }];
  });
}

/** Opens no connection: a product that is down must not hinder the start. */
function openMyProduct({ url, token, allowPrivate }: MyProductConfig): Connector {
  const pool = openPool(url, { allowPrivate });
  const hide = secretsHider([token.reveal()]);
  const send: Send = (request, signal) => {
    // The secret is revealed where it is used, and passed on nowhere.
    const headers = { ...request.headers, accept: 'application/json', authorization: `Bearer ${token.reveal()}` };
    return exchange(pool, { ...request, path: `${url.pathname.replace(/\/$/, '')}${request.path}`, headers }, signal);
  };

  /** What cannot be an entry is never sent. */
  const change = async (
    call: Call,
    signal: AbortSignal,
    toRequest: (entry: Entry) => HttpRequest,
    toAnswer: (exchanged: Exchange, hideSecrets: typeof hide) => Answer,
  ): Promise<Answer> => {
    const entry = toEntry(call);
    if (typeof entry === 'string') return { kind: 'refused', message: entry };
    return toAnswer(await send(toRequest(entry), signal), hide);
  };

  return {
    traits: TRAITS,
    apply: (call, signal) => change(call, signal, (entry) => toApply(entry, call), toApplyAnswer),
    release: (call, signal) => change(call, signal, toRelease, toReleaseAnswer),
    async verify(call, signal) {
      const entry = toEntry(call);
      if (typeof entry === 'string') return { kind: 'absent' };
      return toPresence(await send(toLook(entry), signal), entry, hide);
    },
    list: async (tenantId, signal) => toListed(await readAll(send, signal), tenantId),
    close: () => pool.destroy(),
  };
}

/** What `connector: ./connectors/my-product/connector.ts` in the configuration finds here. */
export const connector: ConnectorKind = {
  name: 'my-product',
  configSchema: CONFIG_SCHEMA,
  secretKeys: ['token'],
  hostsOf: ({ own }) =>
    typeof own.url === 'string' && URL.canParse(own.url) ? [new URL(own.url).hostname.replace(/^\[|\]$/g, '')] : [],
  // Entries name no provider: two providers on one product would take each other's for their own.
  exclusiveOf: ({ own }) => `the entries of MyProduct at ${own.url}`,
  open: (settings) => openMyProduct(parseConfig(settings)),
};
