import { countActions, type ListWanted, listActions } from '../actions/listing/list-actions.ts';
import { parseFilter } from '../odata/filter/parse-filter.ts';
import { readWithBlanks, withBlanks } from '../odata/form-blanks.ts';
import { formatListToken, type ListQuery, readListQuery } from '../odata/list-query.ts';
import { readOrderBy } from '../odata/order-by.ts';
import { formatOf, LARGEST_TOP, readQueryOptions } from '../odata/query-options.ts';
import type { TokenScope } from '../odata/sealed-text.ts';
import { readSearch } from '../odata/search.ts';
import { parseSelect } from '../odata/select.ts';
import type { App } from './app.ts';
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
  filter: filter === undefined ? undefined : readWithBlanks(filter, parseFilter),
  words: search === undefined ? undefined : readSearch(withBlanks(search)),
  order: orderby === undefined ? [] : readWithBlanks(orderby, readOrderBy),
});

const COMMA = Buffer.from(',');

/** Texts of bytes are not read again: they are put between the others. */
function collectionText(members: readonly string[], values: readonly (string | Uint8Array)[]): string | Buffer {
  const head = `{${members.join(',')},"value":[`;
  const isText = (value: string | Uint8Array): value is string => typeof value === 'string';
  if (values.every(isText)) return `${head}${values.join(',')}]}`;
  const parted = values.flatMap((value, index) => {
    const bytes = isText(value) ? Buffer.from(value) : value;
    return index === 0 ? [bytes] : [COMMA, bytes];
  });
  return Buffer.concat([Buffer.from(head), ...parted, Buffer.from(']}')]);
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
  const { metadata, isIeee754 } = formOf(exchange);
  const isPlain = selection === undefined && metadata === 'minimal' && !isIeee754;
  const asText = isPlain ? { isSeed: isSeedRoot(exchange.root) } : undefined;
  const page = await listActions(app.actions, tenantId, { ...wanted, skip, position, limit, appId, asText });
  const context = contextUrl(exchange.base, exchange.root, `${ACTIONS}${selected(selection)}`);
  const members = [`"@odata.context":${JSON.stringify(context)}`];
  if (query.count) members.push(`"@odata.count":${await countActions(app.actions, tenantId, wanted)}`);
  if (page.next) {
    const token = formatListToken(scope, query, page.next);
    const format = formatOf(exchange.query);
    const inFormat = format === undefined ? '' : `$format=${encodeURIComponent(format)}&`;
    const link = `${rootOf(exchange.base, exchange.root)}/${ACTIONS}?${inFormat}$skiptoken=${token}`;
    members.push(`"@odata.nextLink":${JSON.stringify(link)}`);
  }
  const values = page.texts ?? page.actions.map((action) => entityText(exchange, action, selection));
  const answer = { status: 200, body: collectionText(members, values) };
  const isApplied = maxPageSize !== undefined && query.top === Math.min(maxPageSize, LARGEST_TOP);
  return isApplied ? { ...answer, headers: applied(`odata.maxpagesize=${query.top}`) } : answer;
}

/** Count: how many there are, as text. */
export async function countSecurityActions(app: App, exchange: Exchange): Promise<Answer> {
  const { filter, search } = readQueryOptions(exchange.query, ['filter', 'search', 'format']);
  const texts = { ...(filter !== undefined && { filter }), ...(search !== undefined && { search }) };
  const count = await countActions(app.actions, callerOf(exchange).tenantId, wantedOf(texts));
  return { status: 200, contentType: 'text/plain', body: String(count) };
}
