import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import type { RawAnswer } from './raw-http.ts';

export interface RawOutcome {
  readonly answers: readonly RawAnswer[];
  /** By the server; false where the wait ended first. */
  readonly isClosed: boolean;
  readonly tookMs: number;
}

export interface RawConnection {
  readonly socket: Socket;
  send(...bytes: readonly (string | Buffer)[]): void;
  /** Waits for so many answers, or for the end of the connection. */
  outcome(answers?: number): Promise<RawOutcome>;
}

const HEAD_END = '\r\n\r\n';

function takeAnswer(received: string): { readonly answer: RawAnswer; readonly rest: string } | undefined {
  const end = received.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const [line = '', ...fields] = received.slice(0, end).split('\r\n');
  const headers = new Map(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  const start = end + HEAD_END.length;
  const length = Number(headers.get('content-length') ?? 0);
  if (received.length < start + length) return undefined;
  const body = Buffer.from(received.slice(start, start + length), 'latin1').toString('utf8');
  return { answer: { status: Number(line.split(' ')[1]), headers, body }, rest: received.slice(start + length) };
}

/** A connection over which a test sends what it likes, and that takes answers one by one. */
export function openRaw(url: string, ca?: string): RawConnection {
  const { hostname, port, protocol } = new URL(url);
  const socket =
    protocol === 'https:'
      ? tls.connect({ host: hostname, port: Number(port), ca })
      : net.connect(Number(port), hostname);
  const began = performance.now();
  const answers: RawAnswer[] = [];
  let received = '';
  let isClosed = false;
  const watchers = new Set<() => void>();
  const notify = (): void => {
    for (const watcher of watchers) watcher();
  };
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    received += String(chunk);
    for (let taken = takeAnswer(received); taken; taken = takeAnswer(received)) {
      answers.push(taken.answer);
      received = taken.rest;
    }
    notify();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isClosed = true;
    notify();
  });
  const outcome = (wanted = Number.POSITIVE_INFINITY): Promise<RawOutcome> =>
    new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`No answer in time. Received: ${received}`)), 45_000);
      const look = (): void => {
        if (!isClosed && answers.length < wanted) return;
        watchers.delete(look);
        clearTimeout(limit);
        resolve({ answers: [...answers], isClosed, tookMs: performance.now() - began });
      };
      watchers.add(look);
      look();
    });
  return {
    socket,
    send: (...bytes) => {
      for (const piece of bytes) socket.write(piece);
    },
    outcome,
  };
}

/** Sends bytes as they stand over a connection of their own. */
export async function sendBytes(
  url: string,
  bytes: string | Buffer,
  { ca, answers }: { readonly ca?: string; readonly answers?: number } = {},
): Promise<RawOutcome> {
  const connection = openRaw(url, ca);
  connection.send(bytes);
  const outcome = await connection.outcome(answers);
  connection.socket.destroy();
  return outcome;
}
