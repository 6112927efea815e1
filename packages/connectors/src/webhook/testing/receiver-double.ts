import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { targetFromText, targetText } from '@interdict/contract';
import type { Connector, Effect } from '../../connector.ts';
import type { HostileAnswer, Misbehaviour, ProductUnderTest } from '../../testing.ts';

/** One POST as the double got it. */
export interface ReceivedPost {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly body: ReceivedBody;
}

export interface ReceivedBody {
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    readonly operationId: string;
    readonly attempt: number;
    readonly actionId: string;
    readonly tenantId: string;
    readonly name: string;
    readonly target: string;
    readonly parameters: readonly { readonly name: string; readonly value: string }[];
    readonly reason: string | null;
    readonly expirationDateTime: string;
  };
}

type Script = (response: ServerResponse, post: ReceivedPost) => void;

interface Entry {
  readonly effect: Effect;
  end: string;
}

/** Checks a signature as the Standard Webhooks say, with the Web's cryptography and none of ours. */
export async function isSigned(post: ReceivedPost, key: Buffer): Promise<boolean> {
  const id = String(post.headers['webhook-id']);
  const timestamp = String(post.headers['webhook-timestamp']);
  const [version, signature = ''] = String(post.headers['webhook-signature']).split(',');
  if (version !== 'v1' || Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', new Uint8Array(key), hmac, false, ['verify']);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${post.text}`);
  return crypto.subtle.verify('HMAC', imported, new Uint8Array(Buffer.from(signature, 'base64')), signed);
}

const json = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

async function* paced({ chunks, pauseMs }: HostileAnswer): AsyncGenerator<Buffer> {
  let isFirst = true;
  for (const chunk of chunks()) {
    if (!isFirst && pauseMs) await delay(pauseMs);
    isFirst = false;
    yield chunk;
  }
}

async function sendHostile(response: ServerResponse, answer: HostileAnswer): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  // Who is flooded hangs up, and that is right.
  await pipeline(paced(answer), response, { end: !answer.staysOpen }).catch(() => undefined);
}

/** A receiver of webhooks over real HTTP on loopback, which is right until it is told to misbehave. */
export class ReceiverDouble {
  readonly posts: ReceivedPost[] = [];
  connections = 0;
  readonly #key: Buffer;
  readonly #seen = new Map<string, object>();
  readonly #sockets = new Set<Socket>();
  #entries: Entry[] = [];
  #late: (() => void)[] = [];
  #misbehaviour: Misbehaviour | undefined;
  #script: Script | undefined;
  #server: Server | undefined;
  #port = 0;

  constructor(key: Buffer) {
    this.#key = key;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hooks/interdict?from=test`;
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => void this.#take(request, response));
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
    if (!server) return;
    this.#server = undefined;
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(server, 'close');
  }

  /** From now on answers so, whatever comes. */
  answer(script: Script | undefined): void {
    this.#script = script;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const post = { url: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) as ReceivedBody };
    const isTrue = await isSigned(post, this.#key);
    this.posts.push(post);
    if (!isTrue) json(response, 401, { message: 'The signature is wrong.' });
    else if (this.#script) this.#script(response, post);
    else this.#respond(response, post);
  }

  #respond(response: ServerResponse, post: ReceivedPost): void {
    const misbehaviour = this.#misbehaviour;
    switch (misbehaviour?.kind) {
      case 'hang':
        break;
      case 'late':
        this.#late.push(() => this.#handle(post));
        break;
      case 'refuse':
        json(response, 422, { message: misbehaviour.words });
        break;
      case 'throttle':
        response.setHeader('retry-after', misbehaviour.retryAfterSeconds);
        json(response, 429, {});
        break;
      case 'nonsense':
        json(response, 200, { state: 'perhaps' });
        break;
      case 'hostile':
        void sendHostile(response, misbehaviour.answer);
        break;
      case 'lostAnswer':
        this.#handle(post);
        response.socket?.destroy();
        break;
      case 'halfAnswer': {
        const body = JSON.stringify(this.#handle(post));
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
        response.write(body.slice(0, -2), () => response.socket?.destroy());
        break;
      }
      case 'down':
      case undefined:
        json(response, 200, this.#handle(post));
    }
  }

  #find(effect: Effect): Entry | undefined {
    const key = (each: Effect) => `${each.tenantId} ${each.action} ${targetText(each.target)}`;
    return this.#entries.find((entry) => key(entry.effect) === key(effect));
  }

  /** A receiver does each id once, and one effect is one entry. */
  #handle({ headers, body: { type, data } }: ReceivedPost): object {
    const id = String(headers['webhook-id']);
    const effect = { tenantId: data.tenantId, action: data.name, target: targetFromText(data.target) };
    const found = this.#find(effect);
    if (type === 'securityAction.verify') return { state: found ? 'inForce' : 'absent' };
    const before = this.#seen.get(id);
    if (before) return before;
    if (type === 'securityAction.release') this.#entries = this.#entries.filter((entry) => entry !== found);
    else if (found) found.end = data.expirationDateTime;
    else this.#entries.push({ effect, end: data.expirationDateTime });
    const answer = { state: type === 'securityAction.release' ? 'absent' : 'inForce' };
    this.#seen.set(id, answer);
    return answer;
  }

  underTest(connect: () => Connector, secrets: readonly string[]): ProductUnderTest {
    return {
      connect,
      secrets,
      inForce: async () => this.#entries.map(({ effect }) => effect),
      received: async () => this.posts.length,
      operations: async () => this.#seen.size,
      endsAt: async (effect) => new Date(this.#find(effect)?.end ?? Number.NaN),
      putForeign: async (effect) => void this.#entries.push({ effect, end: '' }),
      lose: async (effect) => {
        const found = this.#find(effect);
        this.#entries = this.#entries.filter((entry) => entry !== found);
      },
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
