import type { Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { App } from './app.ts';
import { answerAndEnd, answerBrokenRequest } from './broken-request.ts';
import { notePending } from './pending-answers.ts';
import { wrongMethod } from './serve.ts';

/** What Node would do by itself, with answers that are not Graph's or with none at all. */
export function completeServer(server: Server | TlsServer, app: App, fastify: FastifyInstance): void {
  const route = (request: Parameters<FastifyInstance['routing']>[0], response: ServerResponse): void => {
    notePending(request, response);
    fastify.routing(request, response);
  };
  server.prependListener('request', notePending);
  // "100 Continue" is sent when the body is wanted: whoever may not ask is told so before sending it.
  server.on('checkContinue', route);
  server.on('checkExpectation', route);
  server.on('connect', (_request, socket: Socket) => {
    answerAndEnd(app, socket, wrongMethod('CONNECT', ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']));
  });
  server.removeAllListeners('clientError');
  server.on('clientError', (error, socket) => answerBrokenRequest(app, error, socket as Socket));
}
