import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  const headers = new Map(
    fields.map((field) => [
      field.slice(0, field.indexOf(':')).toLowerCase(),
      field.slice(field.indexOf(':') + 1).trim(),
    ]),
  );
  return { status: Number(line.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}

function isWhole(received: string): boolean {
  const body = received.indexOf('\r\n\r\n') + 4;
  if (body < 4) return false;
  if (/^HTTP\/1\.1 (?:204|304) /.test(received)) return true;
  const length = /\r\ncontent-length: (\d+)/i.exec(received)?.[1];
  return length !== undefined && Buffer.byteLength(received.slice(body)) >= Number(length);
}

/** Reads until the server closes or the whole answer is there. */
async function readAnswer(socket: net.Socket, withinMs: number): Promise<RawAnswer> {
  socket.setTimeout(withinMs, () => socket.destroy(new Error('No answer in time.')));
  let received = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => {
    received += chunk;
    if (isWhole(received)) socket.end();
  });
  await once(socket, 'close');
  return parseAnswer(received);
}

/** Sends bytes as they stand, and reads until the server closes or the announced length is there. */
export function sendRaw(url: string, bytes: string, withinMs = 15_000): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = net.connect(Number(port), hostname);
  socket.write(bytes);
  return readAnswer(socket, withinMs);
}

/** The same over TLS, as a client that would rather speak HTTP/2. @throws where the server chooses it */
export async function sendRawOverTls(url: string, ca: string, bytes: Buffer): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = tls.connect({ host: hostname, port: Number(port), ca, ALPNProtocols: ['h2', 'http/1.1'] });
  await once(socket, 'secureConnect');
  if (socket.alpnProtocol === 'h2') throw new Error('The server chose HTTP/2.');
  socket.write(bytes);
  return readAnswer(socket, 15_000);
}
