import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { App } from './app.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { diagnostic, graphHeaders, requestIds } from './headers.ts';
import { installBodyReading } from './read-body.ts';
import { checkRequestLimits } from './request-limits.ts';
import { rewritePath } from './rewrite-path.ts';
import type { Route } from './route.ts';
import { admit, arrivalOf, noteArrival, send, sendError, toExchange, unknownPath, wrongMethod } from './serve.ts';

const MAX_BODY = 262_144;
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

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

function arrive(app: App, request: FastifyRequest, reply: FastifyReply): void {
  const { ids } = arrivalOf(request.raw);
  reply.headers(graphHeaders(ids, diagnostic(app.instance)));
  if ('encrypted' in request.raw.socket) reply.header('Strict-Transport-Security', 'max-age=31536000');
  checkRequestLimits(request.raw);
}

function addRoute(app: App, fastify: FastifyInstance, route: Route): void {
  fastify.route({
    method: route.method,
    url: route.path,
    onRequest: (request) => admit(app, route, request),
    handler: async (request, reply) => {
      const exchange = toExchange(app, request);
      return send(reply, await route.handle(app, exchange), exchange.root);
    },
  });
}

/** Every path answers every method: with its operation, or with 405 and what is allowed. */
function addOtherMethods(app: App, fastify: FastifyInstance, path: string, routes: readonly Route[]): void {
  const allowed: string[] = routes.map(({ method }) => method);
  if (allowed.includes('GET')) allowed.push('HEAD');
  const others = METHODS.filter((method) => !allowed.includes(method));
  fastify.route({
    method: others,
    url: path,
    // Before the body is read: nobody needs to send one for this.
    onRequest: async (request) => {
      throw wrongMethod(request.method, allowed);
    },
    handler: async (request, reply) => sendError(app, request, reply, unknownPath()),
  });
}

function addRoutes(app: App, fastify: FastifyInstance, routes: readonly Route[]): void {
  for (const route of routes) addRoute(app, fastify, route);
  for (const [path, siblings] of Map.groupBy(routes, ({ path }) => path)) {
    addOtherMethods(app, fastify, path, siblings);
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
      ignoreDuplicateSlashes: true,
      ignoreTrailingSlash: true,
      maxParamLength: LONGEST_SEGMENT,
    },
    rewriteUrl: (raw) => {
      const { root, url } = rewritePath(raw.url ?? '/');
      noteArrival(raw, { ids: requestIds(raw.headers['client-request-id']), root, startedAt: performance.now() });
      return url;
    },
    frameworkErrors: (error, request, reply) => {
      reply.headers(graphHeaders(arrivalOf(request.raw).ids, diagnostic(app.instance)));
      sendError(app, request, reply, error);
    },
    clientErrorHandler: (error, socket) => answerBrokenRequest(app, error, socket),
  });
  fastify.addHook('onRequest', async (request, reply) => arrive(app, request, reply));
  fastify.addHook('onResponse', async (request, reply) => {
    const seconds = (performance.now() - arrivalOf(request.raw).startedAt) / 1_000;
    app.metrics.request(request.method, request.routeOptions.url ?? 'none', reply.statusCode, seconds);
  });
  installBodyReading(fastify);
  fastify.setErrorHandler((error, request, reply) => sendError(app, request, reply, error));
  fastify.setNotFoundHandler(async (request, reply) => sendError(app, request, reply, unknownPath()));
  addRoutes(app, fastify, routes);
  return fastify;
}
