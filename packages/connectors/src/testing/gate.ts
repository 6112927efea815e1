import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { SocketAddress } from '../socket/ask-socket.ts';
import type { Misbehaviour } from './connector-under-test.ts';
import type { HostileAnswer } from './hostile-answers.ts';

/** What a gate says in its product's name, in its protocol. Undefined: nothing. */
export type Says = (question: Buffer) => Buffer | undefined;

export interface GateOptions {
  /** Where the real product listens. */
  readonly product: () => SocketAddress;
  /** Where the gate itself listens; absent: a free port of loopback. */
  readonly path?: string;
  /** Takes apart what came at once, where a product's clients ask again before they are answered. Absent: it is one. */
  readonly messages?: (bytes: Buffer) => readonly Buffer[];
  /** What goes through unchanged however the product misbehaves, as what opens a session. Absent: nothing. */
  readonly passes?: (question: Buffer) => boolean;
  /** The product serves one connection after the other: it is opened with the first that comes through. */
  readonly connectsLate?: true;
  /** The product ends each connection behind its answer, and so does the gate. */
  readonly endsConnection?: true;
  readonly refusal?: (words: string) => Says;
  readonly throttling?: (retryAfterSeconds: number) => Says;
  readonly nonsense?: Says;
  /** The hostile bytes, dressed as a successful answer of the protocol; absent: as they are. */
  readonly dressed?: (question: Buffer, body: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
}

/** How long a late product gets for what it was sent. */
const LATE_MS = 1_000;

interface Passage {
  readonly client: Socket;
  readonly product: Socket;
  readonly held: Buffer[];
  /** The misbehaviour has had its way with it. */
  isSpoilt: boolean;
}

async function* paced({ chunks, pauseMs }: HostileAnswer): AsyncGenerator<Buffer> {
  let isFirst = true;
  for (const chunk of chunks()) {
    if (!isFirst && pauseMs) await delay(pauseMs);
    isFirst = false;
    yield chunk;
  }
}

/** Stands before a real product that speaks over sockets, and lets it misbehave. It knows nothing of its protocol. */
export class Gate {
  readonly #options: GateOptions;
  readonly #passages = new Set<Passage>();
  #misbehaviour: Misbehaviour | undefined;
  #server: Server | undefined;
  #port = 0;
  #received = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  /** How much has come from clients. */
  get received(): number {
    return this.#received;
  }

  async open(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => this.#take(client));
    const { path } = this.#options;
    if (path === undefined) server.listen(this.#port, '127.0.0.1');
    else server.listen(path);
    await once(server, 'listening');
    if (path === undefined) this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const { client, product } of this.#passages) for (const socket of [client, product]) socket.destroy();
    if (!server) return;
    server.close();
    await once(server, 'close');
  }

  async misbehave(misbehaviour: Misbehaviour): Promise<void> {
    this.#misbehaviour = misbehaviour;
    if (misbehaviour.kind === 'down') await this.close();
  }

  /** Back to normal. What it took while it was late goes to the product first. */
  async behave(): Promise<void> {
    this.#misbehaviour = undefined;
    await Promise.all([...this.#passages].map((passage) => this.#letThrough(passage)));
    if (!this.#server) await this.open();
  }

  async #letThrough(passage: Passage): Promise<void> {
    const { product, held, client } = passage;
    if (held.length === 0) return;
    const answered = Promise.race([once(product, 'data'), once(product, 'close'), delay(LATE_MS)]);
    for (const bytes of held.splice(0)) this.#toProduct(passage, bytes);
    await answered.catch(() => undefined);
    if (client.destroyed) product.end();
  }

  #take(client: Socket): void {
    const product = new Socket();
    const passage: Passage = { client, product, held: [], isSpoilt: false };
    if (!this.#options.connectsLate) product.connect(this.#options.product());
    this.#passages.add(passage);
    const { messages = (bytes) => [bytes] } = this.#options;
    client.on('data', (bytes) => {
      for (const message of messages(bytes)) this.#fromClient(passage, message);
    });
    product.on('data', (bytes) => this.#fromProduct(passage, bytes));
    client.on('end', () => passage.held.length === 0 && product.end());
    product.on('end', () => client.end());
    client.on('close', () => passage.held.length === 0 && product.destroy());
    product.on('close', () => {
      this.#passages.delete(passage);
      if (this.#misbehaviour?.kind !== 'hang') client.destroy();
    });
    for (const socket of [client, product]) socket.on('error', () => undefined);
  }

  #toProduct({ product }: Passage, bytes: Buffer): void {
    if (product.pending && !product.connecting) product.connect(this.#options.product());
    product.write(bytes);
  }

  #fromClient(passage: Passage, bytes: Buffer): void {
    this.#received += 1;
    const misbehaviour = this.#misbehaviour;
    if (!misbehaviour || this.#options.passes?.(bytes)) {
      this.#toProduct(passage, bytes);
      return;
    }
    passage.isSpoilt = true;
    const { refusal, throttling, nonsense } = this.#options;
    switch (misbehaviour.kind) {
      case 'down':
      case 'hang':
        break;
      case 'late':
        passage.held.push(bytes);
        break;
      case 'lostAnswer':
      case 'halfAnswer':
        this.#toProduct(passage, bytes);
        break;
      case 'refuse':
        this.#say(passage, refusal?.(misbehaviour.words), bytes);
        break;
      case 'throttle':
        this.#say(passage, throttling?.(misbehaviour.retryAfterSeconds), bytes);
        break;
      case 'nonsense':
        this.#say(passage, nonsense, bytes);
        break;
      case 'hostile':
        void this.#sayHostile(passage, misbehaviour.answer, bytes);
        break;
    }
  }

  #say({ client }: Passage, says: Says | undefined, question: Buffer): void {
    if (!says) throw new Error('The gate was not told what its product says then.');
    const answer = says(question);
    if (answer) client.write(answer);
    if (this.#options.endsConnection) client.end();
  }

  async #sayHostile({ client }: Passage, answer: HostileAnswer, question: Buffer): Promise<void> {
    const body = paced(answer);
    // Who is flooded hangs up, and that is right.
    await pipeline(this.#options.dressed?.(question, body) ?? body, client, { end: !answer.staysOpen }).catch(
      () => undefined,
    );
  }

  #fromProduct({ client, isSpoilt }: Passage, bytes: Buffer): void {
    const kind = isSpoilt ? this.#misbehaviour?.kind : undefined;
    if (kind === 'lostAnswer') client.destroy();
    else if (kind === 'halfAnswer') client.write(bytes.subarray(0, bytes.length >> 1), () => client.destroy());
    else if (!client.destroyed && !client.writableEnded) client.write(bytes);
  }
}
