import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type AllowedMethods, readAllowedMethods } from './allowed-methods.ts';
import type { App } from './app.ts';
import { arrivalOf, noteArrival } from './arrival.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { graphHeaders, requestIds } from './headers.ts';
import { installBodyReading, MAX_BODY } from './read-body.ts';
import { inForm } from './representation.ts';
import { checkRequestLimits } from './request-limits.ts';
import { rewritePath } from './rewrite-path.ts';
import type { Route } from './route.ts';
import { admit, send, sendError, toExchange, unknownPath, wrongMethod } from './serve.ts';
import { traceOf } from './trace-context.ts';

const LONGEST_SEGMENT = 200;

/** Time-outs and sizes that bound a request before anybody looks at it. */
export const HTTP_OPTIONS = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  // A missing Host is refused in Graph's form, not by a bare 400.
  requireHostHeader: false,
};

const KEPT = { connection: 'keep-alive', 'keep-alive': `timeout=${HTTP_OPTIONS.keepAliveTimeout / 1_000}` };

const NOT_KNOWN_YET = {
  identity: undefined,
  admission: undefined,
  isCarried: false,
  limits: undefined,
  contentType: undefined,
};

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Before the body is read: nobody needs to send one to nowhere. Methods that the router has no place for end here too. */
function refuseUnserved({ method, url, is404 }: FastifyRequest, allowedAt: AllowedMethods): void {
  if (!is404) return;
  const allowed = allowedAt(url.split('?', 1)[0] ?? '');
  throw allowed ? wrongMethod(method, allowed) : unknownPath();
}

/** Whoever came over https comes so from now on. */
function demandTls({ raw }: FastifyRequest, reply: FastifyReply): void {
  if ('encrypted' in raw.socket) reply.header('Strict-Transport-Security', 'max-age=31536000');
}

function arrive(app: App, request: FastifyRequest, reply: FastifyReply): void {
  const { ids, trace } = arrivalOf(request.raw);
  reply.headers(graphHeaders(ids, app.diagnostic));
  if (trace) reply.header('traceresponse', trace.traceResponse);
  if (app.corsOrigins.length > 0) reply.headers(corsHeaders(app.corsOrigins, request.headers));
  demandTls(request, reply);
  try {
    checkRequestLimits(request.raw);
  } catch (refusal) {
    // Where the request ends may be read in two ways: nothing behind it is taken for the next one.
    reply.raw.shouldKeepAlive = false;
    throw refusal;
  }
}

function addRoute(app: App, fastify: FastifyInstance, route: Route): void {
  fastify.route({
    method: route.method,
    url: route.path,
    ...(route.limits && { bodyLimit: route.limits.bytes }),
    onRequest: (request, reply, done) => admit(app, route, request, reply, done),
    handler: async (request, reply) => {
      const exchange = toExchange(app, request);
      const arrival = arrivalOf(request.raw);
      // Its place was given back when its connection ended, behind the last byte of a large body. A cancel has no place,
      // and is carried out; a batch has one, whatever is in it.
      if (arrival.admission && reply.raw.destroyed) return reply.hijack();
      arrival.isCarried = true;
      try {
        const answer = await route.handle(app, exchange);
        // A release takes any `Accept`: what it did is not taken back by the form of its answer.
        return send(reply, route.isRelease ? answer : inForm(exchange, answer), exchange.root);
      } finally {
        arrival.admission?.leave();
      }
    },
  });
}

/** Every path answers every method: with its operation, or with 405 and what is allowed. */
function addOtherMethods(app: App, fastify: FastifyInstance, path: string, allowed: readonly string[]): void {
  fastify.route({
    method: METHODS.filter((method) => !allowed.includes(method)),
    url: path,
    // Before the body is read: nobody needs to send one for this.
    onRequest: async (request) => {
      throw wrongMethod(request.method, allowed);
    },
    handler: async (request, reply) => sendError(app, request, reply, unknownPath()),
  });
}

/** Anybody may ask which methods a path has: a browser does before it sends a token. */
function addOptions(app: App, fastify: FastifyInstance, path: string, allowed: readonly string[]): void {
  fastify.route({
    method: 'OPTIONS',
    url: path,
    onRequest: async (request, reply) => {
      const headers = { Allow: allowed.join(', '), ...preflightHeaders(app.corsOrigins, request.headers, allowed) };
      return send(reply, { status: 204, headers }, arrivalOf(request.raw).root);
    },
    handler: async (request, reply) => sendError(app, request, reply, unknownPath()),
  });
}

function addRoutes(app: App, fastify: FastifyInstance, routes: readonly Route[], allowedAt: AllowedMethods): void {
  for (const route of routes) addRoute(app, fastify, route);
  for (const path of new Set(routes.map((route) => route.path))) {
    const allowed = allowedAt(path) ?? [];
    addOptions(app, fastify, path, allowed);
    addOtherMethods(app, fastify, path, allowed);
  }
}

/** The whole of HTTP: the route table behind the limits that hold for all of it. */
export function createServer(app: App, routes: readonly Route[]): FastifyInstance {
  const fastify = Fastify({
    bodyLimit: MAX_BODY,
    logger: false,
    http: HTTP_OPTIONS,
    requestTimeout: HTTP_OPTIONS.requestTimeout,
    keepAliveTimeout: HTTP_OPTIONS.keepAliveTimeout,
    return503OnClosing: false,
    genReqId: () => '',
    routerOptions: {
      caseSensitive: false,
      maxParamLength: LONGEST_SEGMENT,
    },
    rewriteUrl: (raw) => {
      const { root, url } = rewritePath(raw.url ?? '/');
      const ids = requestIds(raw.headers['client-request-id']);
      const startedAt = performance.now();
      const trace = traceOf(raw.headers.traceparent);
      noteArrival(raw, { ids, root, startedAt, trace, ...NOT_KNOWN_YET });
      return url;
    },
    frameworkErrors: (error, request, reply) => {
      try {
        arrive(app, request, reply);
        sendError(app, request, reply, error);
      } catch (refusal) {
        sendError(app, request, reply, refusal);
      }
    },
  });
  const allowedAt = readAllowedMethods(routes);
  fastify.addHook('onRequest', (request, reply, done) => {
    arrive(app, request, reply);
    refuseUnserved(request, allowedAt);
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    // A stream lasts as long as its client likes: its time is none of the server's.
    if (reply.sent && reply.getHeader('Content-Type') === 'text/event-stream') return done();
    const seconds = (performance.now() - arrivalOf(request.raw).startedAt) / 1_000;
    app.metrics.request(request.method, request.routeOptions.url ?? 'none', reply.statusCode, seconds);
    done();
  });
  installBodyReading(fastify);
  fastify.setErrorHandler((error, request, reply) => {
    // Fastify closes where a body is refused, and the reset could reach the client before the answer. At the stop it
    // says so of every answer, earlier, and is right.
    const isStopping = reply.raw.hasHeader('connection');
    if (reply.hasHeader('connection') && reply.raw.shouldKeepAlive && !isStopping) reply.headers(KEPT);
    return sendError(app, request, reply, error);
  });
  fastify.setNotFoundHandler(async (request, reply) => sendError(app, request, reply, unknownPath()));
  addRoutes(app, fastify, routes, allowedAt);
  return fastify;
}
