import { readQueryOptions } from '../odata/query-options.ts';
import type { App } from './app.ts';
import type { Answer, Exchange } from './exchange.ts';
import { rootOf } from './links.ts';

const SETS = ['security/securityActions', 'security/securityActionProviders', 'security/enforcements'];

/**
 * What there is under a root.
 * @see https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_ServiceDocument
 */
export async function getServiceDocument(_app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const value = SETS.map((name) => ({ name, kind: 'EntitySet', url: name }));
  const context = `${rootOf(exchange.base, exchange.root)}/$metadata`;
  return { status: 200, body: JSON.stringify({ '@odata.context': context, value }) };
}

/** The API described from its own route table. */
export async function getOpenApi(app: App, { query }: Exchange): Promise<Answer> {
  readQueryOptions(query, []);
  return { status: 200, contentType: 'application/json', body: app.apiDescription };
}
