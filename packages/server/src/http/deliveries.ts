import { toDateTime } from '../lib/date-time.ts';
import { type LoggedDelivery, listDeliveries, loggedDelivery, resend } from '../notify/delivery-log.ts';
import type { LoggedAttempt } from '../notify/judge-attempt.ts';
import { formatPageToken, parsePageToken } from '../odata/page-token.ts';
import { readQueryOptions, readTop } from '../odata/query-options.ts';
import type { App } from './app.ts';
import type { Answer, Exchange } from './exchange.ts';
import { contextUrl, rootOf } from './links.ts';
import { SUBSCRIPTIONS, subscriberOf } from './subscriptions.ts';

/** Each may be of a hundred notifications. */
const MOST = 100;

const toAttempt = ({ at, status, fault }: LoggedAttempt): object => ({
  dateTime: toDateTime(at),
  httpStatus: status,
  error: fault,
});

const toWire = (delivery: LoggedDelivery): object => ({
  id: delivery.id,
  kind: delivery.kind,
  state: delivery.state,
  createdDateTime: toDateTime(delivery.createdAt),
  firstSequence: delivery.firstSequence,
  lastSequence: delivery.lastSequence,
  notificationIds: delivery.noticeIds,
  attemptCount: delivery.attemptCount,
  attempts: delivery.attempts.map(toAttempt),
  nextAttemptDateTime: delivery.nextAt === null ? null : toDateTime(delivery.nextAt),
});

/** The delivery log: newest first, page by page, at most a hundred on each. */
export async function listSubscriptionDeliveries(app: App, exchange: Exchange): Promise<Answer> {
  const options = readQueryOptions(exchange.query, ['top', 'skiptoken']);
  const subscriber = subscriberOf(exchange);
  const id = exchange.params.id ?? '';
  const collection = `${SUBSCRIPTIONS}/${id}/deliveries`;
  const scope = { secret: app.tokenSecret, tenantId: subscriber.tenantId, collection };
  const token = options.skiptoken === undefined ? undefined : parsePageToken(scope, options.skiptoken);
  const limit = Math.min(MOST, options.top === undefined && token ? token.top : readTop(options.top));
  const page = await listDeliveries(app.notify, subscriber, id, { limit, after: token?.after[0] });
  const context = contextUrl(exchange.base, exchange.root, collection);
  const link = (next: string): string =>
    `${rootOf(exchange.base, exchange.root)}/${collection}?$skiptoken=${formatPageToken(scope, { top: limit, after: [next] })}`;
  const body = {
    '@odata.context': context,
    ...(page.next !== undefined && { '@odata.nextLink': link(page.next) }),
    value: page.deliveries.map(loggedDelivery).map(toWire),
  };
  return { status: 200, body: JSON.stringify(body) };
}

/** Sent again, as soon as it can be: 202, for nobody has waited for it. */
export async function resendSubscriptionDelivery(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const { id = '', deliveryId = '' } = exchange.params;
  await resend(app.notify, subscriberOf(exchange), id, deliveryId);
  return { status: 202 };
}
