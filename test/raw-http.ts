import { once } from 'node:events';
import net from 'node:net';

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

/** Sends bytes as they stand, and reads until the server closes or the announced length is there. */
export async function sendRaw(url: string, bytes: string, withinMs = 15_000): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = net.connect(Number(port), hostname);
  socket.setTimeout(withinMs, () => socket.destroy(new Error('No answer in time.')));
  let received = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => {
    received += chunk;
    const length = /\r\ncontent-length: (\d+)/i.exec(received)?.[1];
    const body = received.indexOf('\r\n\r\n') + 4;
    if (body > 3 && length !== undefined && Buffer.byteLength(received.slice(body)) >= Number(length)) socket.end();
  });
  socket.write(bytes);
  await once(socket, 'close');
  return parseAnswer(received);
}
