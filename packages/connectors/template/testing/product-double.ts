import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connector, Effect } from '@interdict/connectors';
import type { HostileAnswer, Misbehaviour, ProductUnderTest } from '@interdict/connectors/testing';

interface Entry {
  readonly id: string;
  readonly address: string;
  readonly until: string;
}

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly token: string;
  readonly body: string;
}

interface Reply {
  readonly status: number;
  readonly body: object;
}

const PAGE = 50;
const TENANT = /^(?:interdict|admin)\.([0-9a-f-]{36})\./;

async function* paced({ chunks, pauseMs }: HostileAnswer): AsyncGenerator<Buffer> {
  let isFirst = true;
  for (const chunk of chunks()) {
    if (!isFirst && pauseMs) await delay(pauseMs);
    isFirst = false;
    yield chunk;
  }
}

/**
 * MyProduct at the level of its protocol: a small one that is right, and misbehaves when told to. It shares no code with
 * the connector. Where the real product can be started, start that, with a `Gate` before it that misbehaves.
 */
export class ProductDouble {
  readonly token: string;
  readonly #entries = new Map<string, Entry>();
  readonly #sockets = new Set<Socket>();
  #late: (() => void)[] = [];
  #misbehaviour: Misbehaviour | undefined;
  #server: Server | undefined;
  #port = 0;
  #received = 0;

  constructor(token: string) {
    this.token = token;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/api/`;
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => void this.#take(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async hangUp(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    this.#received += 1;
    const asked = {
      method: request.method ?? '',
      url: new URL(request.url ?? '', this.url),
      token: (request.headers.authorization ?? '').replace('Bearer ', ''),
      body: Buffer.concat(chunks).toString(),
    };
    await this.#respond(response, asked);
  }

  async #respond(response: ServerResponse, asked: Asked): Promise<void> {
    const misbehaviour = this.#misbehaviour;
    const json = ({ status, body }: Reply): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    switch (misbehaviour?.kind) {
      case 'hang':
        return;
      case 'late':
        this.#late.push(() => this.#handle(asked));
        return;
      case 'refuse':
        return json({ status: 422, body: { error: misbehaviour.words } });
      case 'throttle':
        response.setHeader('retry-after', misbehaviour.retryAfterSeconds);
        return json({ status: 429, body: {} });
      case 'nonsense':
        return json({ status: 200, body: { state: 'perhaps' } });
      case 'lostAnswer':
        this.#handle(asked);
        response.socket?.destroy();
        return;
      case 'halfAnswer': {
        const body = JSON.stringify(this.#handle(asked).body);
        response.writeHead(200, { 'content-length': body.length });
        response.write(body.slice(0, -2), () => response.socket?.destroy());
        return;
      }
      case 'hostile':
        response.writeHead(200, { 'content-type': 'application/json' });
        // Who is flooded hangs up, and that is right.
        return pipeline(paced(misbehaviour.answer), response, { end: !misbehaviour.answer.staysOpen }).catch(() => {});
      case 'down':
      case undefined:
        return json(this.#handle(asked));
    }
  }

  #handle({ method, url, token, body }: Asked): Reply {
    if (token !== this.token) return { status: 401, body: { error: 'the token is wrong' } };
    if (method === 'GET') return { status: 200, body: this.#page(url.searchParams) };
    const id = decodeURIComponent(url.pathname.replace('/api/entries/', ''));
    if (method === 'PUT') {
      const { address, until } = JSON.parse(body) as Entry;
      this.#entries.set(id, { id, address, until });
      return { status: 200, body: { state: 'blocked' } };
    }
    if (!this.#entries.delete(id)) return { status: 404, body: { error: 'no such entry' } };
    return { status: 200, body: { state: 'removed' } };
  }

  #page(search: URLSearchParams): object {
    const sorted = [...this.#entries.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
    const address = search.get('address');
    const wanted = sorted.filter((entry) =>
      address === null ? entry.id > (search.get('after') ?? '') : entry.address === address,
    );
    return { entries: wanted.slice(0, PAGE), isLast: wanted.length <= PAGE };
  }

  #find({ tenantId, target }: Effect): Entry | undefined {
    return [...this.#entries.values()].find(({ id, address }) => address === target.value && id.includes(tenantId));
  }

  underTest(connect: () => Connector): ProductUnderTest {
    return {
      connect,
      secrets: [this.token],
      inForce: async () =>
        [...this.#entries.values()].map(({ id, address }) => ({
          tenantId: TENANT.exec(id)?.[1] ?? '',
          action: 'BlockIp',
          target: { kind: 'ip', value: address },
        })),
      received: async () => this.#received,
      endsAt: async (effect) => new Date(this.#find(effect)?.until ?? Number.NaN),
      putForeign: async ({ tenantId, target: { value } }) => {
        const id = `admin.${tenantId}.${value}`;
        this.#entries.set(id, { id, address: value, until: '' });
      },
      lose: async (effect) => void this.#entries.delete(this.#find(effect)?.id ?? ''),
      restart: async () => {
        await this.hangUp();
        await this.listen();
      },
      misbehave: async (misbehaviour) => {
        this.#misbehaviour = misbehaviour;
        if (misbehaviour.kind === 'down') await this.hangUp();
      },
      behave: async () => {
        this.#misbehaviour = undefined;
        for (const land of this.#late.splice(0)) land();
        if (!this.#server) await this.listen();
      },
      stop: () => this.hangUp(),
    };
  }
}
