import type { Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { App } from './app.ts';
import type { Certificate } from './certificate.ts';
import { completeServer } from './complete-server.ts';
import { limitConnections } from './connection-limits.ts';
import { type Address, claimPort, doorOptions, listening, openDoors } from './doors.ts';
import { hasAsked } from './pending-answers.ts';
import { HTTP_OPTIONS } from './server.ts';

export interface Addresses {
  readonly http: Address;
  readonly https: Address;
  readonly certificate: Certificate;
}

export interface Listening {
  readonly httpPort: number;
  readonly httpsPort: number;
  /**
   * Takes no new connection; resolves when the requests under way are answered. Connections that are left after so many
   * milliseconds are broken off.
   */
  close(withinMs: number): Promise<void>;
}

const HANDSHAKE_MS = 10_000;
/** Connections that the system holds until the server takes them. Beyond, it drops them, and clients try again after seconds. */
const BACKLOG = 4_096;
/** Connections that are taken in a round of the event loop, beside one more; a handshake costs ten times as much. */
const HTTP_DOORS = 31;
const TLS_DOORS = 7;

const isLoopback = (address: string): boolean => /^(::ffff:)?127\.|^::1$/.test(address);

function openTls(app: App, fastify: FastifyInstance, certificate: Certificate): TlsServer {
  const options = { ...HTTP_OPTIONS, ...certificate, minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS } as const;
  const server = createTlsServer(options);
  server.keepAliveTimeout = HTTP_OPTIONS.keepAliveTimeout;
  completeServer(server, app, fastify);
  return server;
}

const portOf = (server: { address(): string | AddressInfo | null }): number =>
  (server.address() as AddressInfo | null)?.port ?? 0;

const closeTls = (server: TlsServer): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });

/** What is open: connections at which HTTP is spoken, and those of TCP below TLS, also while that is still agreed upon. */
interface Open {
  readonly spoken: Set<Socket>;
  readonly below: Set<Socket>;
}

function keepIn(open: Set<Socket>): (socket: Socket) => void {
  return (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  };
}

function noteConnections(http: Server, tls: TlsServer): Open {
  const open: Open = { spoken: new Set(), below: new Set() };
  http.on('connection', keepIn(open.spoken));
  tls.on('secureConnection', keepIn(open.spoken));
  tls.on('connection', keepIn(open.below));
  return open;
}

/** How often connections are ended whose last request was answered meanwhile. */
const SWEEP_MS = 50;
/** A connection that was made just before may still ask for something. */
const ASKS_WITHIN_MS = 500;

/** @param breakOffMs when those are broken off that are still there */
async function endAll({ spoken, below }: Open, close: () => Promise<unknown>, breakOffMs: number): Promise<void> {
  const end = (sockets: Iterable<Socket>): void => {
    for (const socket of sockets) socket.destroy();
  };
  const endQuiet = (): void => {
    end([...spoken].filter((socket) => !hasAsked(socket)));
    end([...below].filter(({ bytesRead }) => bytesRead === 0));
  };
  const quiet = setTimeout(endQuiet, ASKS_WITHIN_MS);
  const all = setTimeout(() => end([...spoken, ...below]), breakOffMs);
  await close();
  clearTimeout(quiet);
  clearTimeout(all);
}

/** Serves http and https from one route table. @throws {Error} where a port is taken */
export async function listen(app: App, fastify: FastifyInstance, addresses: Addresses): Promise<Listening> {
  const standsForMany = (address: string): boolean => isLoopback(address) || app.isTrustedProxy(address);
  const tls = openTls(app, fastify, addresses.certificate);
  completeServer(fastify.server, app, fastify);
  const servers = [fastify.server, tls];
  for (const server of servers) limitConnections(server, standsForMany);
  const open = noteConnections(fastify.server, tls);
  const claims = [await claimPort(addresses.http), await claimPort(addresses.https)];
  await fastify.listen(doorOptions(addresses.http, BACKLOG));
  await listening(tls, doorOptions(addresses.https, BACKLOG));
  const doors = [
    await openDoors(fastify.server, addresses.http.address, BACKLOG, HTTP_DOORS),
    await openDoors(tls, addresses.https.address, BACKLOG, TLS_DOORS),
  ];
  const closeAll = (): Promise<unknown> =>
    Promise.all([closeTls(tls), fastify.close(), ...[...doors, ...claims].map(({ close }) => close())]);
  return {
    httpPort: portOf(fastify.server),
    httpsPort: portOf(tls),
    close: async (withinMs) => {
      const sweep = setInterval(() => {
        for (const server of servers) server.closeIdleConnections();
      }, SWEEP_MS);
      await endAll(open, closeAll, withinMs);
      clearInterval(sweep);
    },
  };
}
