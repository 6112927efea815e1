import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfMadeCertificate } from '../../testing/self-made-certificate.ts';

/** Stands for every web site: plain behind one port, with TLS behind another. */
export interface Origin {
  readonly port: number;
  readonly securePort: number;
  /** `GET evil.example /x`, for all that has arrived. */
  readonly seen: readonly string[];
  /** Connections that were opened to it. */
  connections(): number;
  stop(): Promise<void>;
}

export async function startOrigin(): Promise<Origin> {
  const seen: string[] = [];
  let connections = 0;
  const answer: RequestListener = (request, response) => {
    seen.push(`${request.method} ${request.headers.host} ${request.url}`);
    request.resume().on('end', () => response.end(`The page of ${request.headers.host}${request.url}.`));
  };
  const servers = [createServer(answer), createSecureServer(selfMadeCertificate('site.example'), answer)] as const;
  for (const server of servers) {
    server.on('connection', () => {
      connections += 1;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const [port = 0, securePort = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  return {
    port,
    securePort,
    seen,
    connections: () => connections,
    stop: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
    },
  };
}
