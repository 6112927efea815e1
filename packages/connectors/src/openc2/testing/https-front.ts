import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { selfMadeCertificate } from '../../testing/self-made-certificate.ts';
import type { HostileAnswer, Misbehaviour } from '../../testing.ts';
import type { Consumer } from './consumer.ts';

export const SERVER = selfMadeCertificate('localhost');
export const CLIENT = selfMadeCertificate('interdict.example');

async function* paced({ chunks, pauseMs }: HostileAnswer): AsyncGenerator<Buffer> {
  let isFirst = true;
  for (const chunk of chunks()) {
    if (!isFirst && pauseMs) await delay(pauseMs);
    isFirst = false;
    yield chunk;
  }
}

export interface FrontOptions {
  readonly path?: string;
  readonly mediaType?: string;
  readonly token?: string;
}

/** A consumer's end of HTTPS with mutual authentication. It answers HTTP 200 whatever it says in the body. */
export class HttpsFront {
  received = 0;
  connections = 0;
  readonly #consumer: Consumer;
  readonly #options: FrontOptions;
  readonly #sockets = new Set<Duplex>();
  #server: Server | undefined;
  #port = 0;
  #misbehaviour: Misbehaviour | undefined;
  #late: (() => Promise<object>)[] = [];

  constructor(consumer: Consumer, options: FrontOptions = {}) {
    this.#consumer = consumer;
    this.#options = options;
  }

  get url(): string {
    return `https://localhost:${this.#port}${this.#options.path ?? ''}`;
  }

  async listen(): Promise<void> {
    const terms = {
      ...SERVER,
      ca: CLIENT.cert,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    } as const;
    const server = createServer(terms, (request, response) => void this.#take(request, response));
    server.on('connection', (socket) => {
      this.connections += 1;
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
    this.#server = undefined;
    if (!server) return;
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(server, 'close');
  }

  async misbehave(misbehaviour: Misbehaviour): Promise<void> {
    this.#misbehaviour = misbehaviour;
    if (misbehaviour.kind === 'down') await this.hangUp();
  }

  async behave(): Promise<void> {
    this.#misbehaviour = undefined;
    for (const land of this.#late.splice(0)) await land();
    if (!this.#server) await this.listen();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = Buffer.concat(await request.toArray()).toString();
    const { path = '/.well-known/openc2', mediaType = 'application/openc2+json;version=1.0', token } = this.#options;
    if (request.method !== 'POST' || request.url !== path) return void response.writeHead(404).end();
    if (token && request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
    if (request.headers['content-type'] !== mediaType)
      return void response.writeHead(400).end('Malformed HTTP Headers');
    const { request: command, answer } = await this.#consumer.take(text);
    const type = { 'content-type': mediaType.replace('-cmd', '-rsp') };
    // As what opens a session: asked and answered whatever comes of the commands.
    if (command?.action === 'query') return void response.writeHead(200, type).end(JSON.stringify(await answer()));
    this.received += 1;
    await this.#respond(response, JSON.parse(text).headers.request_id, type, answer);
  }

  async #respond(
    response: ServerResponse,
    id: string,
    type: { 'content-type': string },
    answer: () => Promise<object>,
  ): Promise<void> {
    const misbehaviour = this.#misbehaviour;
    const say = (status: number, body: object, more = {}): void => {
      const message = { headers: { request_id: id, created: Date.now() }, body: { openc2: { response: body } } };
      response.writeHead(status, { ...type, ...more }).end(JSON.stringify(message));
    };
    switch (misbehaviour?.kind) {
      case 'hang':
        break;
      case 'late':
        this.#late.push(answer);
        break;
      case 'refuse':
        say(200, { status: 403, status_text: misbehaviour.words });
        break;
      case 'throttle':
        say(503, { status: 503 }, { 'retry-after': misbehaviour.retryAfterSeconds });
        break;
      case 'nonsense':
        say(200, { status: 299 });
        break;
      case 'hostile':
        response.writeHead(200, type);
        await pipeline(paced(misbehaviour.answer), response, { end: !misbehaviour.answer.staysOpen }).catch(
          () => undefined,
        );
        break;
      case 'lostAnswer':
        await answer();
        response.socket?.destroy();
        break;
      case 'halfAnswer': {
        const body = JSON.stringify(await answer());
        response.writeHead(200, { ...type, 'content-length': body.length });
        response.write(body.slice(0, -9), () => response.socket?.destroy());
        break;
      }
      case 'down':
      case undefined:
        response.writeHead(200, type).end(JSON.stringify(await answer()));
    }
  }
}
