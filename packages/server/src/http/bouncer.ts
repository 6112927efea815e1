import { PULLED_LIST, type PullAnswer } from '../actions/decisions.ts';
import { type FetchEnd, LONGEST_FETCH_MS } from '../actions/feed-fetches.ts';
import type { FeedFetch } from '../actions/feeds.ts';
import { noteFetch } from '../actions/fetches-under-way.ts';
import { pulledVersion } from '../actions/pulled-version.ts';
import type { FeedKey } from '../auth/feed-keys.ts';
import { Refusal } from '../errors.ts';
import type { App } from './app.ts';
import { readDecisionFilter } from './decision-filter.ts';
import type { Answer, Exchange } from './exchange.ts';
import { endOf } from './feed.ts';

const CONTENT_TYPE = 'application/json; charset=utf-8';

/** The bouncer that asks, and the providers whose lists are one for it. */
function bouncerOf(app: App, { feedKey }: Exchange): { readonly key: FeedKey; readonly providers: readonly string[] } {
  if (!feedKey) throw new Error('Decisions are read by nobody.');
  const providers = app.feeds.servedOf(feedKey.tenantId, feedKey.providers);
  if (providers.length > 0) return { key: feedKey, providers };
  throw new Refusal('notFound', 'There is no provider with lists for this key.', { inner: 'unknownResource' });
}

interface NotedFetch {
  readonly fetch: FeedFetch;
  readonly id: string;
}

type EndAll = (endFor: (provider: string) => FetchEnd) => void;

function endOfAll(app: App, exchange: Exchange, noted: readonly NotedFetch[]): EndAll {
  const ends = noted.map(({ fetch, id }) => ({ provider: fetch.provider, end: endOf(app, exchange, fetch, id) }));
  return (endFor) => {
    for (const { provider, end } of ends) end(endFor(provider));
  };
}

const NOTHING: FetchEnd = { kind: 'nothing' };

function endWith({ got }: PullAnswer, isWhole: boolean): (provider: string) => FetchEnd {
  return (provider) => {
    const version = got.get(provider);
    return version ? { kind: isWhole ? 'got' : 'brokenOff', ...version } : NOTHING;
  };
}

function forget(app: App, { requestId }: Exchange, { tenantId, name }: FeedKey, { letGo }: PullAnswer): void {
  if (letGo.length === 0) return;
  const endNote = noteFetch(app.actions.fetches, tenantId);
  app.feeds
    .forget(tenantId, name, letGo)
    .catch((error: unknown) => app.onFault(error, requestId))
    .finally(endNote);
}

/** What a bouncer has is known by what its key was told: all, or what was missing of that. */
function checkWhole(option: string | undefined): void {
  if (option === undefined) return;
  const words = `"${option}" asks for a part. A bouncer is told all that its key opens: leave the option out, or give it a key of its own.`;
  throw new Refusal('badRequest', words, { inner: 'invalidQueryOption', target: option });
}

async function beginAll(app: App, of: Omit<FeedFetch, 'provider'>, providers: readonly string[], noted: NotedFetch[]) {
  for (const provider of providers) {
    const fetch = { ...of, provider };
    noted.push({ fetch, id: await app.feeds.beginFetch(fetch) });
  }
  return noted.map(({ fetch, id }) => ({ provider: fetch.provider, fetchId: id }));
}

/** A bouncer has what its key got, as a firewall has its list: noted before it is read, and when it was sent. */
export async function getDecisionStream(app: App, exchange: Exchange): Promise<Answer> {
  const { key, providers } = bouncerOf(app, exchange);
  const { tenantId, name, networks } = key;
  checkWhole(readDecisionFilter(exchange.query, { providers, networks }).leavesOut);
  if (exchange.method === 'HEAD') return { status: 200, contentType: CONTENT_TYPE };
  const endsAt = performance.now() + LONGEST_FETCH_MS;
  const isStartup = new URLSearchParams(exchange.query).get('startup') === 'true';
  const version = pulledVersion({ wholeAt: 0, networks });
  const noted: NotedFetch[] = [];
  try {
    const lists = await beginAll(app, { tenantId, list: PULLED_LIST, key: name, version }, providers, noted);
    const pulled = await app.feeds.pull({ tenantId, key: name, lists, isStartup, networks });
    const endAll = endOfAll(app, exchange, noted);
    return {
      status: 200,
      body: pulled.body,
      contentType: CONTENT_TYPE,
      sentWithinMs: Math.max(0, endsAt - performance.now()),
      afterEnd: (isWhole) => {
        endAll(endWith(pulled, isWhole));
        if (isWhole) forget(app, exchange, key, pulled);
      },
    };
  } catch (error) {
    endOfAll(app, exchange, noted)(() => NOTHING);
    throw error;
  }
}

/** What is blocked now. Whoever asks each time holds nothing. */
export async function getBouncerDecisions(app: App, exchange: Exchange): Promise<Answer> {
  const { key, providers } = bouncerOf(app, exchange);
  if (exchange.method === 'HEAD') return { status: 200, contentType: CONTENT_TYPE };
  const { isWanted } = readDecisionFilter(exchange.query, { providers, networks: true });
  return {
    status: 200,
    body: await app.feeds.decisions(key.tenantId, providers, isWanted),
    contentType: CONTENT_TYPE,
  };
}

export async function postUsageMetrics(): Promise<Answer> {
  return { status: 201 };
}
