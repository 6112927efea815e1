import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { App } from './app.ts';
import { answerAndEnd, answerBrokenRequest } from './broken-request.ts';
import { notePending } from './pending-answers.ts';
import { wrongMethod } from './serve.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * One request of a connection at a time: answers to a whole row of them would lie in memory until the client reads
 * the first. What comes behind a connection's end is not carried out.
 */
const inTurn =
  (fastify: FastifyInstance): Listener =>
  (request, response) => {
    const before = notePending(request, response);
    if (!before) fastify.routing(request, response);
    else before.once('close', () => !request.socket.destroyed && fastify.routing(request, response));
  };

/** What Node and Fastify would do by themselves, with answers that are not Graph's or with none at all. */
export function completeServer(server: Server | TlsServer, app: App, fastify: FastifyInstance): void {
  const route = inTurn(fastify);
  server.removeAllListeners('request');
  server.on('request', route);
  // "100 Continue" is sent when the body is wanted: whoever may not ask is told so before sending it.
  server.on('checkContinue', route);
  server.on('checkExpectation', route);
  server.on('connect', (_request, socket: Socket) => {
    answerAndEnd(app, socket, wrongMethod('CONNECT', ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']));
  });
  server.removeAllListeners('clientError');
  server.on('clientError', (error, socket) => answerBrokenRequest(app, error, socket as Socket));
}
