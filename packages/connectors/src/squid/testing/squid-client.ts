import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';

/** What a client gets through a proxy. */
export interface Got {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Terms {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

async function toGot(response: IncomingMessage): Promise<Got> {
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

/** Asks for an absolute URL, spelled as it is given. */
export async function getThrough(proxyPort: number, uri: string, terms: Terms = {}): Promise<Got> {
  const { body, ...options } = terms;
  const host = URL.parse(uri)?.host ?? 'x';
  const asked = request({
    host: '127.0.0.1',
    port: proxyPort,
    path: uri,
    agent: false,
    ...options,
    headers: { host, ...terms.headers },
  });
  asked.end(body);
  // Squid may hang up on a body when it has answered.
  asked.on('error', () => undefined);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return await toGot(response);
}

/** Opens a tunnel; the caller destroys its socket. */
export async function tunnelThrough(
  proxyPort: number,
  authority: string,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly headers: IncomingMessage['headers']; readonly socket: Socket }> {
  const asked = request({
    host: '127.0.0.1',
    port: proxyPort,
    method: 'CONNECT',
    path: authority,
    agent: false,
    headers: { host: authority, ...headers },
  });
  asked.end();
  const [response, socket] = (await once(asked, 'connect')) as [IncomingMessage, Socket];
  socket.on('error', () => undefined);
  return { status: response.statusCode ?? 0, headers: response.headers, socket };
}

/** The status of CONNECT. */
export async function connectStatus(proxyPort: number, authority: string): Promise<number> {
  const { status, socket } = await tunnelThrough(proxyPort, authority);
  socket.destroy();
  return status;
}

/** Asks for an https URL in a tunnel, trusting this CA alone. */
export async function getInTunnel(proxyPort: number, uri: string, ca: string): Promise<Got> {
  const url = new URL(uri);
  const { status, headers, socket } = await tunnelThrough(proxyPort, `${url.hostname}:${url.port || 443}`);
  if (status !== 200) {
    socket.destroy();
    return { status, headers, body: '' };
  }
  const secure = connectTls({ socket, servername: url.hostname, ca });
  try {
    await once(secure, 'secureConnect');
    const asked = request({
      createConnection: () => secure,
      path: url.pathname + url.search,
      headers: { host: url.host },
    });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return await toGot(response);
  } finally {
    secure.destroy();
  }
}
