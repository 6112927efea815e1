import type { FeedForm } from '../actions/feeds.ts';
import { noteFetch } from '../actions/fetches-under-way.ts';
import { Refusal } from '../errors.ts';
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

/** A list as firewalls poll it: whole, or an error. */
export async function getFeed(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const { provider = '', file = '' } = exchange.params;
  checkOpens(exchange, provider);
  const { list, form } = readFile(file);
  const { tenantId, key } = readerOf(exchange);
  const { feeds } = app;
  const holds = key !== undefined && exchange.method === 'GET';
  if (holds) await feeds.beginFetch(tenantId, provider, list, key);
  const version = await feeds.read(tenantId, provider, list, form);
  const tag = `"${version.version}"`;
  const isSame = isKnown(headerOf(exchange, 'if-none-match'), tag);
  const endNote = holds ? noteFetch(app.actions.fetches, tenantId) : undefined;
  const afterSent = (): void => {
    feeds
      .endFetch(tenantId, provider, list, key ?? '', version)
      .catch((error: unknown) => app.onFault(error, exchange.requestId))
      .finally(endNote);
  };
  return {
    status: isSame ? 304 : 200,
    ...(!isSame && { body: version.body }),
    contentType: CONTENT_TYPE[form],
    headers: { ETag: tag },
    ...(holds && { afterSent }),
  };
}
