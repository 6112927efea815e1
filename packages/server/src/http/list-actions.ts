import { countActions, type ListWanted, listActions } from '../actions/listing/list-actions.ts';
import { parseFilter } from '../odata/filter/parse-filter.ts';
import { formatListToken, type ListQuery, readListQuery } from '../odata/list-query.ts';
import { readOrderBy } from '../odata/order-by.ts';
import { formatOf, LARGEST_TOP, readQueryOptions } from '../odata/query-options.ts';
import type { TokenScope } from '../odata/sealed-text.ts';
import { readSearch } from '../odata/search.ts';
import { parseSelect } from '../odata/select.ts';
import type { App } from './app.ts';
import { collectionAnswer, type Envelope, isPlain, plainCollection } from './collection-answer.ts';
import { entityText } from './entity-answer.ts';
import type { Answer, Exchange } from './exchange.ts';
import { ACTIONS, contextUrl, rootOf, selected } from './links.ts';
import { applied, maxPageSizeOf } from './prefer.ts';
import { formOf } from './representation.ts';
import { isSeedRoot } from './rewrite-path.ts';
import { callerOf } from './security-actions.ts';

const scopeOf = (app: App, exchange: Exchange): TokenScope => ({
  secret: app.tokenSecret,
  tenantId: callerOf(exchange).tenantId,
  collection: ACTIONS,
});

const wantedOf = ({ filter, search, orderby }: ListQuery['texts']): ListWanted => ({
  filter: filter === undefined ? undefined : parseFilter(filter),
  words: search === undefined ? undefined : readSearch(search),
  order: orderby === undefined ? [] : readOrderBy(orderby),
});

function nextLink(exchange: Exchange, token: string): string {
  const format = formatOf(exchange.query);
  const inFormat = format === undefined ? '' : `$format=${encodeURIComponent(format)}&`;
  return `${rootOf(exchange.base, exchange.root)}/${ACTIONS}?${inFormat}$skiptoken=${token}`;
}

/** List: a page of the tenant's actions, filtered, ordered, and with what was selected. */
export async function listSecurityActions(app: App, exchange: Exchange): Promise<Answer> {
  const { tenantId, appId } = callerOf(exchange);
  const scope = scopeOf(app, exchange);
  const maxPageSize = maxPageSizeOf(exchange);
  const query = readListQuery(scope, exchange.query, maxPageSize);
  const selection = query.texts.select === undefined ? undefined : parseSelect(query.texts.select);
  const wanted = wantedOf(query.texts);
  const { skip, position, top: limit } = query;
  const listing = { ...app.actions, isOpen: exchange.isOpen };
  const asText = selection || !isPlain(formOf(exchange)) ? undefined : { isSeed: isSeedRoot(exchange.root) };
  const page = await listActions(listing, tenantId, { ...wanted, skip, position, limit, appId, asText });
  const envelope: Envelope = {
    context: contextUrl(exchange.base, exchange.root, `${ACTIONS}${selected(selection)}`),
    count: query.count ? await countActions(listing, tenantId, wanted) : undefined,
    link: page.next && ['@odata.nextLink', nextLink(exchange, formatListToken(scope, query, page.next))],
  };
  const answer = page.texts
    ? plainCollection(exchange, envelope, page.texts)
    : await collectionAnswer(exchange, envelope, page.actions, (action) => entityText(exchange, action, selection));
  const isApplied = maxPageSize !== undefined && query.top === Math.min(maxPageSize, LARGEST_TOP);
  return isApplied ? { ...answer, headers: applied(`odata.maxpagesize=${query.top}`) } : answer;
}

/** Count: how many there are, as text. */
export async function countSecurityActions(app: App, exchange: Exchange): Promise<Answer> {
  const { filter, search } = readQueryOptions(exchange.query, ['filter', 'search', 'format']);
  const texts = { ...(filter !== undefined && { filter }), ...(search !== undefined && { search }) };
  const listing = { ...app.actions, isOpen: exchange.isOpen };
  const count = await countActions(listing, callerOf(exchange).tenantId, wantedOf(texts));
  return { status: 200, contentType: 'text/plain', body: String(count) };
}
