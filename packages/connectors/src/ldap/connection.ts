import type { Socket } from 'node:net';
import type { Message } from 'ldapts';
import { toPrintable } from '../http/message.ts';
import { Failure } from './failure.ts';
import { type Entry, type Reply, takeReply } from './wire.ts';

export interface Result {
  readonly code: number;
  readonly words: string;
  readonly entries: readonly Entry[];
  readonly cookie: Buffer | undefined;
}

/** Builds the request under its number. */
export type Request = (messageId: number) => Pick<Message, 'write'>;

interface Waiting {
  readonly entries: Entry[];
  settle(result: Result): void;
  fail(failure: Failure): void;
}

const MOST_ID = 2 ** 31 - 1;

/** LDAP over a socket that is open. Requests go over it side by side; answers find theirs by their numbers. */
export class Connection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #unread: Buffer = Buffer.alloc(0);
  #lastId = 0;
  /** How much may still come: who sends more than was asked for is not listened to. */
  #allowance = 0;
  #isUsable = true;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => {
      try {
        this.#read(bytes);
      } catch (error) {
        this.destroy((error as Error).message);
      }
    });
    socket.on('error', (error) => this.destroy(error.message));
    socket.on('close', () => this.destroy('the connection ended'));
  }

  get isUsable(): boolean {
    return this.#isUsable;
  }

  /** @throws {Failure} where no result came */
  async ask(request: Request, signal: AbortSignal, mostBytes: number): Promise<Result> {
    if (signal.aborted) throw new Failure('The call was given up before anything was sent.');
    if (!this.#isUsable) throw new Failure('The connection ended before anything was sent.');
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#lastId = (this.#lastId % MOST_ID) + 1;
    const id = this.#lastId;
    this.#waiting.set(id, { entries: [], settle: resolve, fail: reject });
    this.#allowance += mostBytes;
    // A directory that leaves one call without an answer may leave others so: new ones get a new connection.
    const abort = (): void => {
      this.#isUsable = false;
      reject(new Failure('the call was ended before the answer', { wasSent: true }));
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#socket.write(request(id).write());
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#leave(id);
    }
  }

  /** Gives the socket away, for TLS. @throws {Failure} where more came than was asked for */
  detach(): Socket {
    this.#isUsable = false;
    this.#socket.removeAllListeners();
    if (this.#unread.length > 0) throw new Failure('more came before TLS than was asked for');
    return this.#socket;
  }

  destroy(reason: string): void {
    this.#isUsable = false;
    this.#socket.destroy();
    for (const each of this.#waiting.values()) each.fail(new Failure(toPrintable(reason), { wasSent: true }));
    this.#waiting.clear();
  }

  #leave(id: number): void {
    this.#waiting.delete(id);
    if (this.#waiting.size > 0) return;
    this.#allowance = 0;
    if (!this.#isUsable) this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#allowance -= bytes.length;
    if (this.#allowance < 0) throw new Error('more came than was asked for');
    let rest: Buffer = Buffer.concat([this.#unread, bytes]);
    for (let next = takeReply(rest); next; next = takeReply(rest)) {
      this.#take(next.reply);
      rest = next.rest;
    }
    this.#unread = Buffer.from(rest);
  }

  #take(reply: Reply): void {
    if (reply.id === 0 && reply.kind === 'result') throw new Error(`the directory hangs up: ${reply.words}`);
    const asker = this.#waiting.get(reply.id);
    if (reply.kind === 'entry') asker?.entries.push(reply.entry);
    if (reply.kind === 'result') asker?.settle({ ...reply, entries: asker.entries });
  }
}
