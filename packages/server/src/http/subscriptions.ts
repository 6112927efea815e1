import { subscribe } from '../notify/create-subscription.ts';
import type { Subscriber } from '../notify/notify-deps.ts';
import {
  getOwnSubscription,
  listSubscriptionsOf,
  reauthorize,
  renew,
  unsubscribe,
} from '../notify/own-subscriptions.ts';
import { toWire } from '../notify/subscription.ts';
import { readQueryOptions } from '../odata/query-options.ts';
import type { App } from './app.ts';
import { readRenewal, readSubscription } from './bodies/read-subscription.ts';
import type { Answer, Exchange } from './exchange.ts';
import { contextUrl, rootOf } from './links.ts';
import { callerOf } from './security-actions.ts';

export const SUBSCRIPTIONS = 'subscriptions';

export function subscriberOf(exchange: Exchange): Subscriber {
  const { tenantId, appId, oid } = callerOf(exchange);
  return { tenantId, appId, oid };
}

const withEntityContext = ({ base, root }: Exchange, wire: object): string =>
  JSON.stringify({ '@odata.context': contextUrl(base, root, `${SUBSCRIPTIONS}/$entity`), ...wire });

/** Create: 201 once the receivers have passed the validation. The secrets are shown here and never again. */
export async function postSubscription(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const input = readSubscription(exchange.body);
  const { row, secrets } = await subscribe(app.notify, subscriberOf(exchange), input);
  const location = `${rootOf(exchange.base, exchange.root)}/${SUBSCRIPTIONS}/${row.id}`;
  return { status: 201, body: withEntityContext(exchange, toWire(row, secrets)), headers: { Location: location } };
}

/** All that the application has: at most a hundred, on one page. */
export async function listSubscriptions(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const rows = await listSubscriptionsOf(app.notify, subscriberOf(exchange));
  const context = contextUrl(exchange.base, exchange.root, SUBSCRIPTIONS);
  const value = rows.map((row) => toWire(row));
  return { status: 200, body: JSON.stringify({ '@odata.context': context, value }) };
}

export async function getSubscription(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const row = await getOwnSubscription(app.notify, subscriberOf(exchange), exchange.params.id ?? '');
  return { status: 200, body: withEntityContext(exchange, toWire(row)) };
}

/** Renewal: 200 with the subscription. */
export async function patchSubscription(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const change = readRenewal(exchange.body);
  const row = await renew(app.notify, subscriberOf(exchange), exchange.params.id ?? '', change);
  return { status: 200, body: withEntityContext(exchange, toWire(row)) };
}

export async function deleteSubscription(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  await unsubscribe(app.notify, subscriberOf(exchange), exchange.params.id ?? '');
  return { status: 204 };
}

/** The token of this request shows that the application may still read. */
export async function reauthorizeSubscription(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  await reauthorize(app.notify, subscriberOf(exchange), exchange.params.id ?? '');
  return { status: 204 };
}
