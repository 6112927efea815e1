import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfMadeCertificate } from '../packages/connectors/src/testing/self-made-certificate.ts';

/** One notification as it came. */
export interface Notification {
  readonly id: string;
  readonly subscriptionId: string;
  readonly subscriptionExpirationDateTime: string;
  readonly clientState: string | null;
  readonly changeType?: string;
  readonly lifecycleEvent?: string;
  readonly resource?: string;
  readonly tenantId: string;
  readonly resourceData?: Readonly<Record<string, string>>;
}

/** One POST as it came. */
export interface Posted {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly value: readonly Notification[];
}

export type Manner = (posted: Posted, response: ServerResponse) => void;

/** Says the token back, as Graph asks it to. */
export const sayBack: Manner = ({ query }, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain' }).end(query.get('validationToken'));
};

/** A receiver of change notifications over real https on loopback, with a certificate of its own making. */
export class NotificationReceiver {
  readonly certificate: ReturnType<typeof selfMadeCertificate>;
  /** Notifications, in the order in which they came; handshakes are apart. */
  readonly posts: Posted[] = [];
  readonly handshakes: Posted[] = [];
  /** How it answers notifications; null: 202. */
  manner: Manner | null = null;
  handshake: Manner = sayBack;
  readonly #over = new Set<string>();
  readonly #server: Server;
  readonly #host: string;
  #port = 0;

  /** @param certificate another receiver's, where both are to be trusted by one authority */
  constructor(certificate = selfMadeCertificate('localhost'), host = 'localhost') {
    this.certificate = certificate;
    this.#host = host;
    this.#server = createServer(this.certificate, (request, response) => void this.#serve(request, response));
  }

  get url(): string {
    return `https://${this.#host}:${this.#port}/hook`;
  }

  get port(): number {
    return this.#port;
  }

  /** All notifications, posts after posts. */
  get told(): readonly Notification[] {
    return this.posts.flatMap(({ value }) => value);
  }

  /** Begins anew: what these subscriptions had under way when they were deleted is answered, and not kept. */
  forget(subscriptions: readonly string[]): void {
    for (const id of subscriptions) this.#over.add(id);
    this.posts.length = 0;
    this.handshakes.length = 0;
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const value = text === '' ? [] : (JSON.parse(text) as { value: Notification[] }).value;
    const posted: Posted = { path: pathname, query: searchParams, headers: request.headers, text, value };
    if (searchParams.has('validationToken')) {
      this.handshakes.push(posted);
      this.handshake(posted, response);
      return;
    }
    if (value.some(({ subscriptionId }) => this.#over.has(subscriptionId))) {
      response.writeHead(202).end();
      return;
    }
    this.posts.push(posted);
    if (this.manner) this.manner(posted, response);
    else response.writeHead(202).end();
  }
}
