import { readQueryOptions } from '../odata/query-options.ts';
import { qualityOf } from './accept.ts';
import type { App } from './app.ts';
import { type Answer, type Exchange, headerOf } from './exchange.ts';
import { rootOf } from './links.ts';
import { formFor } from './representation.ts';

/** Each can be asked for. `/security` alone, a singleton in Graph, is nothing here, and so not listed. */
const SETS = ['security/securityActions', 'security/securityActionProviders', 'security/enforcements', 'subscriptions'];

const RESOURCES = SETS.map((name) => ({ name, kind: 'EntitySet', url: name }));

const prefersHtml = (accept: string | undefined): boolean =>
  qualityOf(accept, 'text/html') > qualityOf(accept, 'application/json');

/**
 * What there is under a root. A browser at the very root is led to the page for people.
 * @see https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_ServiceDocument
 */
export async function getServiceDocument(_app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const accept = headerOf(exchange, 'accept');
  if (exchange.root === 'none' && prefersHtml(accept)) {
    return { status: 302, headers: { Location: '/docs', Vary: 'Accept' } };
  }
  formFor(exchange, 'application/json');
  const context = `${rootOf(exchange.base, exchange.root)}/$metadata`;
  return {
    status: 200,
    headers: { Vary: 'Accept' },
    body: JSON.stringify({ '@odata.context': context, value: RESOURCES }),
  };
}

/** The API described from its own route table. */
export async function getOpenApi(app: App, { query }: Exchange): Promise<Answer> {
  readQueryOptions(query, []);
  return { status: 200, contentType: 'application/json', body: app.apiDescription };
}
