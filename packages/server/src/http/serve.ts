import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import { asError } from '../lib/as-error.ts';
import type { App } from './app.ts';
import { arrivalOf } from './arrival.ts';
import { type RequestIds, toErrorAnswer, toRefusal } from './error-response.ts';
import type { Answer, Exchange } from './exchange.ts';
import { type Identity, identify } from './identify.ts';
import { jsonType } from './links.ts';
import { admitTo, loadKindOf } from './load.ts';
import { formFor } from './representation.ts';
import type { Root } from './rewrite-path.ts';
import type { Route } from './route.ts';
import type { TraceContext } from './trace-context.ts';
import { watchEnd } from './watch-end.ts';

const offered = ({ offers }: Route, path: string): string => {
  if (offers !== 'feed') return offers;
  return path.toLowerCase().endsWith('.json') ? 'application/json' : 'text/plain';
};

/** What a request asks of its answer's form, and whether it can be given. @throws {Refusal} notAcceptable, invalidQueryOption */
export function checkForm(route: Route, path: string, asked: Pick<Exchange, 'headers' | 'query'>): void {
  if (route.isRelease || route.offers === 'own') return;
  formFor(asked, offered(route, path));
}

type Done = (refusal?: Error) => void;

/** Waits for a place; whose connection ends before its handler has begun gives the place back. */
function takePlace(app: App, route: Route, reply: FastifyReply, done: Done): void {
  const kind = loadKindOf(route);
  const arrival = arrivalOf(reply.request.raw);
  const { caller, feedKey } = arrival.identity ?? {};
  const tenantId = (caller ?? feedKey)?.tenantId;
  if (kind === undefined || tenantId === undefined) {
    done();
    return;
  }
  // Its connection may have ended while it was asked who it is from: nobody would give its place back.
  if (reply.raw.destroyed) return;
  const admission = admitTo(app.load[kind], tenantId, done);
  arrival.admission = admission;
  reply.raw.once('close', () => {
    if (!arrival.isCarried) admission.leave();
  });
  if (admission.isInside) done();
}

function check(app: App, identity: Identity, route: Route, request: FastifyRequest): void {
  const arrival = arrivalOf(request.raw);
  arrival.identity = identity;
  arrival.limits = route.limits;
  if (identity.caller) app.throttle(identity.caller, route);
  const mark = request.url.indexOf('?');
  const path = mark < 0 ? request.url : request.url.slice(0, mark);
  const query = mark < 0 ? '' : request.url.slice(mark + 1);
  checkForm(route, path, { headers: request.headers, query });
}

/**
 * Before the body is read: who asks, may they, can it be answered at all, and is there room for it. Not a promise where
 * it need not be: every one in the way of a request costs all requests.
 */
export function admit(app: App, route: Route, request: FastifyRequest, reply: FastifyReply, done: Done): void {
  const identity = identify(app, route, request.raw);
  if (identity instanceof Promise) {
    identity
      .then((found) => check(app, found, route, request))
      .then(
        () => takePlace(app, route, reply, done),
        (thrown: unknown) => done(asError(thrown)),
      );
    return;
  }
  check(app, identity, route, request);
  takePlace(app, route, reply, done);
}

const schemeOf = (raw: IncomingMessage): string => ('encrypted' in raw.socket ? 'https' : 'http');

/** The first address that no trusted proxy added. */
function sourceIpOf(app: App, request: FastifyRequest): string | null {
  const { remoteAddress } = request.raw.socket;
  if (remoteAddress === undefined) return null;
  const header = request.headers['x-forwarded-for'];
  if (header === undefined) return remoteAddress;
  const forwarded = [header].flat().join(',');
  let source = remoteAddress;
  for (const hop of forwarded
    .split(',')
    .map((text) => text.trim())
    .reverse()) {
    if (hop === '' || !app.isTrustedProxy(source)) break;
    source = hop;
  }
  return source.slice(0, 64);
}

export function toExchange(app: App, request: FastifyRequest): Exchange {
  const { ids, root, startedAt, identity } = arrivalOf(request.raw);
  const query = request.url.indexOf('?');
  return {
    method: request.method,
    root,
    path: query < 0 ? request.url : request.url.slice(0, query),
    query: query < 0 ? '' : request.url.slice(query + 1),
    params: request.params as Record<string, string>,
    headers: request.headers,
    body: request.body,
    base: app.publicUrl ?? `${schemeOf(request.raw)}://${request.headers.host}`,
    requestId: ids.requestId,
    sourceIp: sourceIpOf(app, request),
    startedAt,
    isOpen: () => !request.raw.socket.destroyed,
    caller: identity?.caller,
    feedKey: identity?.feedKey,
  };
}

function sendStream(reply: FastifyReply, stream: NonNullable<Answer['stream']>): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
  reply.raw.flushHeaders();
  stream(reply.raw);
  return reply;
}

/** Past Fastify, which gives the answer to a HEAD a length: that of a 304 would be taken for the length of what stays. */
function sendUnchanged(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
  reply.raw.end();
  return reply;
}

export function send(reply: FastifyReply, answer: Answer, root: Root): FastifyReply {
  reply.code(answer.status);
  if (answer.headers) reply.headers(answer.headers as Record<string, string>);
  watchEnd(reply.raw, answer);
  if (answer.contentType !== undefined) reply.header('Content-Type', answer.contentType);
  if (answer.stream) return sendStream(reply, answer.stream);
  if (answer.status === 304) return sendUnchanged(reply);
  if (answer.body === undefined || answer.body.length === 0) return reply.send();
  if (answer.contentType === undefined) reply.header('Content-Type', jsonType(root));
  // As bytes: to a text of JSON Fastify would add a charset that the seed document has not.
  return reply.send(typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body);
}

/** The one place where a thrown value becomes an answer; a bug is told to the log, with the request id. */
export function answerThrown(app: App, thrown: unknown, ids: RequestIds, trace?: TraceContext): Answer {
  const refusal = toRefusal(thrown);
  if (!refusal) app.onFault(thrown, ids.requestId, trace?.traceId);
  else if (refusal.cause !== undefined) app.onFault(refusal.cause, ids.requestId, trace?.traceId);
  return toErrorAnswer(thrown, ids, new Date(app.clock.now()));
}

export function sendError(app: App, request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply {
  const { ids, root, trace } = arrivalOf(request.raw);
  return send(reply, answerThrown(app, thrown, ids, trace), root);
}

export const unknownPath = (): Refusal =>
  new Refusal('notFound', 'There is nothing at this path. The service document at / lists what there is.', {
    inner: 'unknownResource',
  });

export const wrongMethod = (method: string, allowed: readonly string[]): Refusal =>
  new Refusal('methodNotAllowed', `${method.slice(0, 20)} is not served here. What is: ${allowed.join(', ')}.`, {
    headers: { Allow: allowed.join(', ') },
  });
