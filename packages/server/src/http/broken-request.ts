import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal } from '../errors.ts';
import type { App } from './app.ts';
import { toErrorAnswer } from './error-response.ts';
import { graphHeaders, requestIds } from './headers.ts';
import { afterPending } from './pending-answers.ts';

const LINGER_MS = 2_000;

/** What Node's parser refuses, by its code. */
function toRefusal(code: string): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Refusal('requestTimeout', 'The request took too long to arrive.');
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Refusal('requestHeaderFieldsTooLarge', 'The request line and the headers are larger than 16 KB.');
  }
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') {
    return new Refusal('payloadTooLarge', 'The extensions of a chunk are too large.', { inner: 'limitExceeded' });
  }
  const message =
    'This is no HTTP/1.1 request: a method, one URL, HTTP/1.1, headers that end in CR LF, a body framed in one way.';
  return new Refusal('badRequest', message, { inner: 'invalidProperty', target: 'request' });
}

function toText(app: App, refusal: Refusal): string {
  const ids = requestIds(undefined);
  const answer = toErrorAnswer(refusal, ids, new Date(app.clock.now()));
  const body = answer.body ?? '';
  const headers = {
    ...graphHeaders(ids, app.diagnostic),
    ...answer.headers,
    Date: new Date(app.clock.now()).toUTCString(),
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\n${lines.join('')}\r\n${body}`;
}

/** Connections that have got their last answer; what still comes in on them says nothing. */
const ended = new WeakSet<Socket>();

/** Answers where no request reached a route, in Graph's form like any other, and ends the connection. */
export function answerAndEnd(app: App, socket: Socket, refusal: Refusal): void {
  if (ended.has(socket)) return;
  ended.add(socket);
  const answer = (): void => {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(toText(app, refusal));
    // A client that does not close its side would hold the connection for good.
    const linger = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(linger));
  };
  afterPending(socket, answer).catch((error: unknown) => app.onFault(error, ''));
}

/** What cannot be parsed never reaches a route. */
export function answerBrokenRequest(app: App, error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) socket.destroy();
  else answerAndEnd(app, socket, toRefusal(error.code ?? ''));
}
