import { type FetchEnd, LONGEST_FETCH_MS } from '../actions/feed-fetches.ts';
import type { FeedForm, FeedVersion } from '../actions/feed-versions.ts';
import type { FeedFetch } from '../actions/feeds.ts';
import { noteFetch } from '../actions/fetches-under-way.ts';
import { Refusal } from '../errors.ts';
import { failpoint } from '../lib/failpoint.ts';
import { readQueryOptions } from '../odata/query-options.ts';
import type { App } from './app.ts';
import { type Answer, type Exchange, headerOf } from './exchange.ts';

const CONTENT_TYPE: Readonly<Record<FeedForm, string>> = {
  txt: 'text/plain; charset=utf-8',
  json: 'application/json; charset=utf-8',
};

const FILE = /^(ip|domain|url|hash)\.(txt|json)$/i;

function readFile(file: string): { readonly list: string; readonly form: FeedForm } {
  const [, list, form] = FILE.exec(file) ?? [];
  if (list !== undefined) return { list: list.toLowerCase(), form: form?.toLowerCase() === 'json' ? 'json' : 'txt' };
  throw new Refusal(
    'notFound',
    `There is no list "${file.slice(0, 50)}". There are ip, domain, url and hash, as .txt or .json.`,
    {
      inner: 'unknownResource',
    },
  );
}

const isKnown = (wanted: string | undefined, tag: string): boolean =>
  wanted !== undefined && (wanted === '*' || wanted.split(',').some((one) => one.trim().replace(/^W\//, '') === tag));

/** Whose list it is. A firewall fetches with its key, and holds what it gets; a bearer only looks. */
function readerOf({ caller, feedKey }: Exchange): { readonly tenantId: string; readonly key: string | undefined } {
  if (feedKey) return { tenantId: feedKey.tenantId, key: feedKey.name };
  if (caller) return { tenantId: caller.tenantId, key: undefined };
  throw new Error('A feed is read by nobody.');
}

/** A key opens the lists of the providers that it was made for; of others it learns nothing. */
function checkOpens({ feedKey }: Exchange, provider: string): void {
  if (!feedKey || feedKey.providers.some((name) => name.toLowerCase() === provider.toLowerCase())) return;
  throw new Refusal('notFound', `There is no list of a provider "${provider.slice(0, 100)}" for this key.`, {
    inner: 'unknownResource',
  });
}

type Fetched = Pick<FeedVersion, 'version' | 'sequence'>;

/** Ends a fetch once; whoever asks for an action behind it waits until that is noted. */
export function endOf(app: App, exchange: Exchange, fetch: FeedFetch, id: string): (end: FetchEnd) => void {
  const endNote = noteFetch(app.actions.fetches, fetch.tenantId);
  return (end) => {
    failpoint('feed.sent');
    app.feeds
      .endFetch(fetch, id, end)
      .catch((error: unknown) => app.onFault(error, exchange.requestId))
      .finally(endNote);
  };
}

/** A fetch by a key: what it gets, and what becomes of that, is noted. */
async function fetchNoted(
  app: App,
  exchange: Exchange,
  fetch: FeedFetch,
  answerWith: () => Promise<[Answer, Fetched]>,
): Promise<Answer> {
  const endsAt = performance.now() + LONGEST_FETCH_MS;
  const id = await app.feeds.beginFetch(fetch);
  failpoint('feed.begun');
  try {
    const [answer, { version, sequence }] = await answerWith();
    const end = endOf(app, exchange, fetch, id);
    return {
      ...answer,
      sentWithinMs: Math.max(0, endsAt - performance.now()),
      afterEnd: (isWhole) => end({ kind: isWhole ? 'got' : 'brokenOff', version, sequence }),
    };
  } catch (error) {
    endOf(app, exchange, fetch, id)({ kind: 'nothing' });
    throw error;
  }
}

/** A list as firewalls poll it: whole, or an error. */
export async function getFeed(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const { provider = '', file = '' } = exchange.params;
  checkOpens(exchange, provider);
  const { list, form } = readFile(file);
  const { tenantId, key } = readerOf(exchange);
  const answerWith = async (): Promise<[Answer, Fetched]> => {
    const version = await app.feeds.read(tenantId, provider, list, form);
    const tag = `"${version.version}"`;
    const isSame = isKnown(headerOf(exchange, 'if-none-match'), tag);
    const answer: Answer = {
      status: isSame ? 304 : 200,
      ...(!isSame && { body: version.body }),
      contentType: CONTENT_TYPE[form],
      headers: { ETag: tag },
    };
    return [answer, version];
  };
  if (key !== undefined && exchange.method === 'GET') {
    return await fetchNoted(app, exchange, { tenantId, provider, list, key }, answerWith);
  }
  const [answer] = await answerWith();
  return answer;
}
