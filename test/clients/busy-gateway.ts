import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { TestServer } from '../server.ts';

/** A request as it came, before anything was done with it. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the gateway answers by itself instead of passing on, or instead of the answer that came. */
export interface Busy {
  readonly status: 429 | 503 | 504;
  readonly times: number;
  /** Seconds, in `Retry-After`. */
  readonly retryAfter: number;
  /** The server gets the request, and its answer is lost: what a gateway does whose patience ends. */
  readonly afterwards?: boolean;
}

/**
 * An https front of the server, as a load balancer is one, with the server's own certificate: it keeps what it saw,
 * passes on everything as it is, and is busy where a test says so.
 */
export interface BusyGateway {
  readonly url: string;
  readonly seen: Seen[];
  beBusy(busy: Busy): void;
  stop(): Promise<void>;
}

const busyBody = (status: number): string =>
  JSON.stringify({ error: { code: status === 429 ? 'tooManyRequests' : 'serviceUnavailable', message: 'Later.' } });

export async function startGateway(server: TestServer): Promise<BusyGateway> {
  const tls = (name: string): Buffer => readFileSync(path.join(server.data, 'tls', name));
  const { hostname, port } = new URL(server.tlsUrl);
  const agent = new https.Agent({ keepAlive: true, ca: tls('cert.pem') });
  const seen: Seen[] = [];
  let busy: Busy = { status: 429, times: 0, retryAfter: 0 };

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const body = await buffer(request);
    const { method = 'GET', url: target = '/', headers } = request;
    seen.push({ method, target, headers, body: body.toString() });
    const isBusy = busy.times > 0;
    if (isBusy) busy = { ...busy, times: busy.times - 1 };
    const { status, retryAfter, afterwards = false } = busy;
    const refuse = (): void =>
      void response
        .writeHead(status, { 'Content-Type': 'application/json', 'Retry-After': String(retryAfter) })
        .end(busyBody(status));
    if (isBusy && !afterwards) return refuse();
    const onwards = https.request({ agent, hostname, port, path: target, method, headers });
    onwards.end(body);
    const [answer] = (await once(onwards, 'response')) as [IncomingMessage];
    const answered = await buffer(answer);
    if (isBusy) return refuse();
    response.writeHead(answer.statusCode ?? 500, answer.rawHeaders).end(answered);
  }

  const listener = https.createServer({ cert: tls('cert.pem'), key: tls('key.pem') }, (request, response) => {
    serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `https://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    seen,
    beBusy: (asked) => {
      busy = asked;
    },
    stop: async () => {
      agent.destroy();
      listener.closeAllConnections();
      listener.close();
      await once(listener, 'close');
    },
  };
}
