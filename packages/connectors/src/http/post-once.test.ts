import { once } from 'node:events';
import { type AddressInfo, createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { selfMadeCertificate } from '../testing/self-made-certificate.ts';
import type { Exchange } from './exchange.ts';
import { postOnce } from './post-once.ts';

const certificate = selfMadeCertificate('localhost');
const secureContext = createSecureContext({ ca: certificate.cert });
const guard = { isAllowed: () => true, permission: '' };

/** Answers each request with `begins`, and then with `repeats` for as long as it is listened to. */
async function flood(server: Server, begins: string, repeats: string): Promise<{ readonly sent: () => number }> {
  let sent = 0;
  const bytes = Buffer.from(repeats.repeat(Math.ceil(65_536 / repeats.length)));
  const pour = (socket: Socket): void => {
    while (!socket.destroyed && sent < 64 * 1024 ** 2) {
      sent += bytes.length;
      if (!socket.write(bytes)) return void socket.once('drain', () => pour(socket));
    }
  };
  server.on('tlsClientError', () => undefined);
  const take = (socket: Socket): void => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(begins);
      pour(socket);
    });
  };
  server.on('secureConnection', take);
  if (!('setSecureContext' in server)) server.on('connection', take);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { sent: () => sent };
}

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

test.each([
  ['announces an answer for ever', '', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ['never ends what stands beside a chunk', `${CHUNKED}1;x=`, 'a'],
  ['sends chunks of a byte with much beside them', CHUNKED, `1;x=${'a'.repeat(4_000)}\r\nb\r\n`],
  ['never ends its head', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
  ['never ends its trailers', `${CHUNKED}0\r\n`, 'x: y\r\n'],
])('a receiver that %s is left soon, over TLS and without', async (_, begins, repeats) => {
  for (const [scheme, server] of [
    ['https', createTlsServer({ ...certificate })],
    ['http', createPlainServer()],
  ] as const) {
    const { sent } = await flood(server, begins, repeats);
    const url = new URL(`${scheme}://localhost:${(server.address() as AddressInfo).port}/`);
    const began = performance.now();
    const post = { url, headers: {}, body: '', mostAnswerBytes: 16_384 };
    const exchange: Exchange = await postOnce(post, { guard, secureContext }, AbortSignal.timeout(5_000));
    expect(exchange.kind, scheme).toBe('broken');
    expect(performance.now() - began, scheme).toBeLessThan(2_000);
    expect(sent(), scheme).toBeLessThan(16 * 1024 ** 2);
  }
});

test('a receiver that announces its answer a few times is heard', async () => {
  const server = createPlainServer((socket) => {
    socket.on('error', () => undefined);
    const hint = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n';
    socket.once('data', () => socket.end(`${hint.repeat(10)}HTTP/1.1 204 No Content\r\n\r\n`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = new URL(`http://localhost:${(server.address() as AddressInfo).port}/`);
  const post = { url, headers: {}, body: '', mostAnswerBytes: 16_384 };
  const exchange = await postOnce(post, { guard }, AbortSignal.timeout(5_000));
  expect(exchange).toMatchObject({ kind: 'answered', status: 204 });
});
