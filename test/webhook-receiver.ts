import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a provider was told, in the order in which it was told. */
export interface Received {
  readonly at: number;
  readonly kind: 'apply' | 'release' | 'verify';
  readonly id: string;
  readonly target: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly isSigned: boolean;
}

export type Manner = (received: Received, receiver: WebhookReceiver) => Promise<ManneredAnswer> | ManneredAnswer;

/** `hang`: no answer ever. `cut`: the connection breaks. */
export type ManneredAnswer =
  | 'hang'
  | 'cut'
  | { readonly status: number; readonly body?: unknown; readonly headers?: object };

const SECRET = 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0LCBsb25nIGVub3VnaA==';

/** A product behind the webhook connector: remembers what it enforces, and can misbehave. */
export class WebhookReceiver {
  readonly secret = SECRET;
  readonly received: Received[] = [];
  readonly inForce = new Set<string>();
  /** Targets of calls that the caller gave up before they were answered. */
  readonly givenUp: string[] = [];
  /** How it answers; null: as a good product does. */
  manner: Manner | null = null;
  readonly #server: Server;
  #port = 0;

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  of(kind: Received['kind'], target?: string): readonly Received[] {
    return this.received.filter((each) => each.kind === kind && (target === undefined || each.target === target));
  }

  /** What a good product does and says. */
  obey({ kind, target }: Received): ManneredAnswer {
    if (kind === 'apply') this.inForce.add(target);
    if (kind === 'release') this.inForce.delete(target);
    return { status: 200, body: { state: this.inForce.has(target) ? 'inForce' : 'absent' } };
  }

  #isSigned(headers: IncomingMessage['headers'], body: string): boolean {
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    return headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { type, data } = JSON.parse(body) as { type: string; data: { target: string } };
    const received: Received = {
      at: Date.now(),
      kind: type.split('.')[1] as Received['kind'],
      id: String(request.headers['webhook-id']),
      target: data.target,
      data,
      isSigned: this.#isSigned(request.headers, body),
    };
    this.received.push(received);
    response.once('close', () => {
      if (!response.writableEnded) this.givenUp.push(received.target);
    });
    const answer = this.manner ? await this.manner(received, this) : this.obey(received);
    if (answer === 'hang') return;
    if (answer === 'cut') {
      response.socket?.destroy();
      return;
    }
    response.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  }
}

/** YAML of a provider that speaks to the receiver. */
export const webhookProvider = (receiver: WebhookReceiver, name: string, more: string): string => `
  - name: ${name}
    connector: webhook
    url: ${receiver.url}
    secret: { env: HOOK_SECRET }
    allowPrivate: true
    ${more}
`;
