import { listEnforcements } from '../actions/list-enforcements.ts';
import { getProvider, listProviders } from '../actions/list-providers.ts';
import { formatPageToken, parsePageToken } from '../odata/page-token.ts';
import { readQueryOptions, readTop } from '../odata/query-options.ts';
import type { App } from './app.ts';
import type { Answer, Exchange } from './exchange.ts';
import { contextUrl, rootOf } from './links.ts';
import { callerOf } from './security-actions.ts';

const PROVIDERS = 'security/securityActionProviders';
const ENFORCEMENTS = 'security/enforcements';

/** Which providers there are, what they do, and bodies that work. */
export async function listSecurityActionProviders(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const context = contextUrl(exchange.base, exchange.root, PROVIDERS);
  const value = listProviders(app.actions, callerOf(exchange).tenantId);
  return { status: 200, body: JSON.stringify({ '@odata.context': context, value }) };
}

export async function getSecurityActionProvider(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const context = contextUrl(exchange.base, exchange.root, `${PROVIDERS}/$entity`);
  const provider = getProvider(app.actions, callerOf(exchange).tenantId, exchange.params.id ?? '');
  return { status: 200, body: JSON.stringify({ '@odata.context': context, ...provider }) };
}

/** What is in force now, where, and which actions want it. */
export async function listEnforcementsInForce(app: App, exchange: Exchange): Promise<Answer> {
  const options = readQueryOptions(exchange.query, ['top', 'skiptoken']);
  const { tenantId } = callerOf(exchange);
  const scope = { secret: app.tokenSecret, tenantId, collection: ENFORCEMENTS };
  const token = options.skiptoken === undefined ? undefined : parsePageToken(scope, options.skiptoken);
  const limit = options.top === undefined && token ? token.top : readTop(options.top);
  const page = await listEnforcements(app.actions, tenantId, { limit, after: token?.after[0] });
  const next = page.next === undefined ? undefined : formatPageToken(scope, { top: limit, after: [page.next] });
  const link = next && `${rootOf(exchange.base, exchange.root)}/${ENFORCEMENTS}?$skiptoken=${next}`;
  return {
    status: 200,
    body: JSON.stringify({
      '@odata.context': contextUrl(exchange.base, exchange.root, ENFORCEMENTS),
      ...(link && { '@odata.nextLink': link }),
      value: page.enforcements,
    }),
  };
}
