import { createConnection, type Socket } from 'node:net';

/** Where a product listens: a socket of this machine, or an address and a port. */
export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** What came of one question. */
export type Asked =
  | { readonly kind: 'answered'; readonly bytes: Buffer }
  /** Certainly no byte of it was sent. */
  | { readonly kind: 'unsent'; readonly error: NodeJS.ErrnoException }
  /** Some of it may have arrived. */
  | { readonly kind: 'broken'; readonly error: NodeJS.ErrnoException };

export interface Question {
  readonly bytes: Buffer;
  /**
   * How many of the bytes that have come make the answer; undefined: it is not whole yet. May throw: it never will be.
   * Absent where the end of the connection alone tells.
   */
  readonly lengthOfAnswer?: ((bytes: Buffer) => number | undefined) | undefined;
  /** The answer is whole when the product ends the connection. */
  readonly endsWithConnection?: boolean;
  /** An answer that is longer is broken off. Default: 64 KB. */
  readonly mostBytes?: number;
}

const MOST_BYTES = 64 * 1024;

interface Coming {
  readonly question: Question;
  /** Has room for what may still come. */
  buffer: Buffer;
  length: number;
  isSent: boolean;
}

const joined = ({ buffer, length }: Coming): Buffer => buffer.subarray(0, length);

/** Twice the room each time: a long answer in small parts is not copied for each of them. */
function add(coming: Coming, chunk: Buffer): void {
  const length = coming.length + chunk.length;
  if (length > coming.buffer.length) {
    const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * coming.buffer.length));
    coming.buffer.copy(grown, 0, 0, coming.length);
    coming.buffer = grown;
  }
  chunk.copy(coming.buffer, coming.length);
  coming.length = length;
}

/** The answer once it is whole. @throws {Error} where it never will be */
function take(coming: Coming, chunk: Buffer): Buffer | undefined {
  const { question } = coming;
  const most = question.mostBytes ?? MOST_BYTES;
  if (coming.length + chunk.length > most) throw new Error(`its answer is longer than ${most / 1024} KB`);
  add(coming, chunk);
  const length = question.lengthOfAnswer?.(joined(coming));
  return length === undefined ? undefined : coming.buffer.subarray(0, length);
}

function listen(socket: Socket, coming: Coming, settle: (asked: Asked) => void): void {
  const fail = (error: NodeJS.ErrnoException): void => settle({ kind: coming.isSent ? 'broken' : 'unsent', error });
  socket.on('connect', () => {
    coming.isSent = true;
    socket.write(coming.question.bytes);
  });
  socket.on('data', (chunk) => {
    try {
      const answer = take(coming, chunk);
      if (answer) settle({ kind: 'answered', bytes: answer });
    } catch (error) {
      fail(error as Error);
    }
  });
  socket.on('end', () => {
    if (coming.question.endsWithConnection) settle({ kind: 'answered', bytes: joined(coming) });
    else fail(new Error('the connection ended before the answer'));
  });
  socket.on('error', fail);
}

/** Asks once, over a connection of its own. Settles when the signal aborts, whatever the product does. */
export function askSocket(address: SocketAddress, question: Question, signal: AbortSignal): Promise<Asked> {
  const ended = (): Error => new Error('the call was ended before the answer');
  if (signal.aborted) return Promise.resolve({ kind: 'unsent', error: ended() });
  const { promise, resolve } = Promise.withResolvers<Asked>();
  const coming: Coming = { question, buffer: Buffer.alloc(0), length: 0, isSent: false };
  const socket = createConnection({ ...address, noDelay: true });
  listen(socket, coming, resolve);
  const abort = (): void => resolve({ kind: coming.isSent ? 'broken' : 'unsent', error: ended() });
  signal.addEventListener('abort', abort, { once: true });
  return promise.finally(() => {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  });
}
