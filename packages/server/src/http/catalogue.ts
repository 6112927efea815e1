import type { EnforcementInForce } from '@interdict/contract';
import { listEnforcements } from '../actions/list-enforcements.ts';
import { getProvider, listProviders } from '../actions/list-providers.ts';
import { formatPageToken, parsePageToken } from '../odata/page-token.ts';
import { readQueryOptions, readTop } from '../odata/query-options.ts';
import type { App } from './app.ts';
import type { Answer, Exchange } from './exchange.ts';
import { readLargePage } from './large-page.ts';
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
  const page = await readLargePage<EnforcementInForce, string>({
    limit,
    after: token?.after[0],
    read: async (most, after) => {
      const { enforcements, next } = await listEnforcements(app.actions, tenantId, { limit: most, after });
      return { items: enforcements, next };
    },
    textOf: (enforcement) => JSON.stringify(enforcement),
    positionOf: ({ id }) => id,
  });
  const members = [`"@odata.context":${JSON.stringify(contextUrl(exchange.base, exchange.root, ENFORCEMENTS))}`];
  if (page.next !== undefined) {
    const next = formatPageToken(scope, { top: limit, after: [page.next] });
    const link = `${rootOf(exchange.base, exchange.root)}/${ENFORCEMENTS}?$skiptoken=${next}`;
    members.push(`"@odata.nextLink":${JSON.stringify(link)}`);
  }
  return { status: 200, body: `{${members.join(',')},"value":[${page.texts.join(',')}]}` };
}
