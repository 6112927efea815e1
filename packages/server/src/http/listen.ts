import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { App } from './app.ts';
import type { Certificate } from './certificate.ts';
import { completeServer } from './complete-server.ts';
import { limitConnections } from './connection-limits.ts';
import { HTTP_OPTIONS } from './server.ts';

export interface Addresses {
  readonly http: { readonly address: string; readonly port: number };
  readonly https: { readonly address: string; readonly port: number };
  readonly certificate: Certificate;
}

export interface Listening {
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Takes no new connection; resolves when the requests under way are answered. */
  close(): Promise<void>;
}

const HANDSHAKE_MS = 10_000;

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

function listenOn(server: TlsServer, { address, port }: Addresses['https']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const closeTls = (server: TlsServer): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });

/** Serves http and https from one route table. @throws {Error} where a port is taken */
export async function listen(app: App, fastify: FastifyInstance, addresses: Addresses): Promise<Listening> {
  const standsForMany = (address: string): boolean => isLoopback(address) || app.isTrustedProxy(address);
  const tls = openTls(app, fastify, addresses.certificate);
  completeServer(fastify.server, app, fastify);
  limitConnections(fastify.server, standsForMany);
  limitConnections(tls, standsForMany);
  await fastify.listen({ host: addresses.http.address, port: addresses.http.port });
  await listenOn(tls, addresses.https);
  return {
    httpPort: portOf(fastify.server),
    httpsPort: portOf(tls),
    close: async () => {
      await Promise.all([closeTls(tls), fastify.close()]);
    },
  };
}
