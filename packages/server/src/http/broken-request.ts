import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal } from '../errors.ts';
import type { App } from './app.ts';
import { toErrorAnswer } from './error-response.ts';
import { diagnostic, graphHeaders, requestIds } from './headers.ts';

/** What Node's parser refuses, by its code. */
function toRefusal(code: string): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Refusal('requestTimeout', 'The request took too long to arrive.');
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Refusal('requestHeaderFieldsTooLarge', 'The headers are larger than 16 KB.');
  }
  return new Refusal('badRequest', 'This is no HTTP/1.1 request.');
}

/** What cannot be parsed never reaches a route; it is answered here, in Graph's form, and the connection ends. */
export function answerBrokenRequest(app: App, error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const ids = requestIds(undefined);
  const answer = toErrorAnswer(toRefusal(error.code ?? ''), ids, new Date(app.clock.now()));
  const body = answer.body ?? '';
  const headers = {
    ...graphHeaders(ids, diagnostic(app.instance)),
    Date: new Date(app.clock.now()).toUTCString(),
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\n${lines.join('')}\r\n${body}`);
}
