import { authorize } from '../../auth/authorize.ts';
import type { Caller } from '../../auth/caller.ts';
import { Refusal } from '../../errors.ts';
import { inLane, type StepLane } from '../../lib/step-lane.ts';
import type { App } from '../app.ts';
import type { RequestIds } from '../error-response.ts';
import type { Answer, Exchange } from '../exchange.ts';
import { requestIds } from '../headers.ts';
import { jsonType } from '../links.ts';
import { admitTo, loadKindOf } from '../load.ts';
import { inForm } from '../representation.ts';
import type { Root } from '../rewrite-path.ts';
import type { Route } from '../route.ts';
import { answerThrown, checkForm } from '../serve.ts';
import { readItemBody } from './item-body.ts';
import { readItemHeaders } from './item-headers.ts';
import { readItemUrl } from './item-url.ts';
import type { MatchRoute } from './match-route.ts';
import type { BatchItem } from './read-item.ts';
import { refuse } from './refuse-batch.ts';

/** What one request of a batch is answered with. */
export interface ItemAnswer extends Answer {
  readonly id: string;
  readonly ids: RequestIds;
  readonly contentType: string;
}

/** What the requests of one batch have in common. */
export interface Batch {
  readonly app: App;
  /** The batch as a request: its token, its connection, its root. */
  readonly outer: Exchange;
  readonly caller: Caller;
  readonly match: MatchRoute;
  /** What its GETs and HEADs share: bytes of all that they have answered so far, and a lane to go in. */
  readonly read: { bytes: number; readonly lane: StepLane };
}

/** Twenty lists of 4 MB would be much for one text. */
const MOST_READ = 16_777_216;

/** Tenant, app, user and permissions are those of the batch's token, whatever the item says. */
function admit(batch: Batch, route: Route, path: string, asked: Pick<Exchange, 'headers' | 'query'>): void {
  const { permission } = route;
  if (permission === 'feed' || permission === 'bouncer') authorize(batch.caller, 'SecurityActions.Read.All');
  else if (permission !== 'anyone' && permission !== 'caller') authorize(batch.caller, permission);
  batch.app.throttle(batch.caller, route);
  checkForm(route, path, asked);
}

function refuseAlone({ isAlone, path }: Route): void {
  if (!isAlone) return;
  if (path === '/$batch') throw refuse('invalidProperty', 'url', 'A batch cannot hold another one. Send it by itself.');
  const message = `GET ${path} cannot be part of a batch. Ask for it by itself.`;
  throw new Refusal('notImplemented', message, { inner: 'notSupported', target: 'url' });
}

const clientRequestId = (name: string, own: Readonly<Record<string, string>>): string | undefined =>
  Object.entries(own).find(([header]) => header.toLowerCase() === name)?.[1];

interface Noted {
  /** For the counts: the route's own path, once it is known. */
  path: string;
  root: Root;
}

async function handle(batch: Batch, item: BatchItem, requestId: string, noted: Noted): Promise<Answer> {
  const { outer, app, caller } = batch;
  const headers = readItemHeaders(item.headers);
  const place = { root: outer.root, base: outer.base, host: String(outer.headers.host ?? '') };
  const { root, path, query } = readItemUrl(item.url, place);
  noted.root = root;
  const { route, params } = batch.match(item.method, path);
  noted.path = route.path;
  refuseAlone(route);
  admit(batch, route, path, { headers, query });
  const body = readItemBody(item, headers);
  const { base, sourceIp } = outer;
  const { method } = item;
  // What depends on it is carried out though nobody waits for the batch any more.
  const asCaller = route.permission === 'anyone' ? undefined : caller;
  const { startedAt } = outer;
  const asked = { method, root, path, query, params, headers, body, base, requestId, sourceIp, startedAt };
  const common = { ...asked, isOpen: () => true };
  const exchange = { ...common, caller: asCaller, feedKey: undefined };
  if (route.method === 'GET') {
    return await readInLane(batch, () => inPlace(batch, route, () => route.handle(app, exchange)), exchange);
  }
  const handled = await inPlace(batch, route, () => route.handle(app, exchange));
  return route.isRelease ? handled : inForm(exchange, handled);
}

/** Among all that is under way an item counts as what it is. @throws {Refusal} serviceUnavailable, limitExceeded */
async function inPlace({ app, caller }: Batch, route: Route, carry: () => Promise<Answer>): Promise<Answer> {
  const kind = loadKindOf(route);
  if (kind === undefined) return await carry();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const admission = admitTo(app.load[kind], caller.tenantId, (refusal) => (refusal ? reject(refusal) : resolve()));
  try {
    if (!admission.isInside) await promise;
    return await carry();
  } finally {
    admission.leave();
  }
}

/** @throws {Refusal} payloadTooLarge */
function boundRead({ read }: Batch, bytes: number): void {
  if (read.bytes + bytes > MOST_READ) {
    const message = 'The answers of this batch would be larger than 16 MB together. Ask for this one by itself.';
    throw new Refusal('payloadTooLarge', message, { inner: 'limitExceeded' });
  }
  read.bytes += bytes;
}

/** Some at a time: what is too much when it has been written need not be written first. */
async function readInLane(batch: Batch, read: () => Promise<Answer>, exchange: Exchange): Promise<Answer> {
  return await inLane(batch.read.lane, '', async () => {
    boundRead(batch, 1);
    const answer = inForm(exchange, await read());
    boundRead(batch, Buffer.byteLength(answer.body ?? ''));
    return answer;
  });
}

/** Ids of one request: its own, and the client's for it, else the client's for the batch. */
const idsOf = (item: BatchItem, outer: Exchange): RequestIds =>
  requestIds(clientRequestId('client-request-id', item.headers) ?? outer.headers['client-request-id']);

const held = (): Refusal =>
  new Refusal(
    'failedDependency',
    'A request that this one depends on did not succeed, so this one was not carried out.',
    {
      inner: 'dependencyFailed',
      target: 'dependsOn',
    },
  );

/** The answer for a request that was held up by another. */
export function answerHeld({ app, outer }: Batch, item: BatchItem): ItemAnswer {
  const ids = idsOf(item, outer);
  app.metrics.request(item.method, 'none', 424, 0);
  return { contentType: 'application/json', ...answerThrown(app, held(), ids), id: item.id, ids };
}

/**
 * Takes one request of a batch through every step of a real one, but for the socket. Never throws: whatever goes wrong
 * is this request's answer, and a bug is in the log under its request-id.
 */
export async function carryItem(batch: Batch, item: BatchItem): Promise<ItemAnswer> {
  const { app, outer } = batch;
  const startedAt = performance.now();
  const ids = idsOf(item, outer);
  const noted: Noted = { path: 'none', root: outer.root };
  const answer = await handle(batch, item, ids.requestId, noted).catch((thrown: unknown) =>
    answerThrown(app, thrown, ids),
  );
  app.metrics.request(item.method, noted.path, answer.status, (performance.now() - startedAt) / 1_000);
  return { ...answer, contentType: answer.contentType ?? jsonType(noted.root), id: item.id, ids };
}
