import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Answer, Connector } from '../connector.ts';
import { guardedConnect } from '../http/guarded-connect.ts';
import { type Resolve, resolveBySystem } from '../http/resolve-name.ts';
import { Secret } from '../secret.ts';
import { selfMadeCertificate } from '../testing/self-made-certificate.ts';
import { aCall, TENANT_A } from '../testing.ts';
import { openWebhook } from './connector.ts';
import { isSigned, ReceiverDouble } from './testing/receiver-double.ts';

const SECRET = 'ein Geheimnis aus Wörtern';
const KEY = Buffer.from(SECRET);
const call = aCall({ tenantId: TENANT_A, action: 'BlockIp', target: { kind: 'ip', value: '198.51.100.9' } });
const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 19\r\n\r\n{"state":"inForce"}';

interface Options {
  readonly resolve?: Resolve;
  readonly allowPrivate?: boolean;
  readonly verify?: boolean;
}

function open(url: string, { resolve = resolveBySystem, allowPrivate = true, verify = true }: Options = {}): Connector {
  const connector = openWebhook(
    { name: 'edge', own: { url, secret: new Secret(SECRET), allowPrivate, verify } },
    { now: () => new Date(), resolve },
  );
  onTestFinished(() => connector.close());
  return connector;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const sockets = new Set<Socket>();

/** Takes one request a connection, whatever it is, and lets `respond` do with the socket what it likes. */
async function listen(respond: (socket: Socket) => void, server: Server = createServer()): Promise<Server> {
  const take = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => respond(socket));
  };
  server.on('secureConnection', take);
  server.on('connection', (socket) => ('setSecureContext' in server ? sockets.add(socket) : take(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

const urlOf = (server: Server): string => `http://127.0.0.1:${portOf(server)}/`;
const apply = (connector: Connector, signal = AbortSignal.timeout(5_000)): Promise<Answer> =>
  connector.apply(call, signal);
const applyTo = async (respond: (socket: Socket) => void): Promise<Answer> => apply(open(urlOf(await listen(respond))));

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

describe('a call', () => {
  test('is what the contract says, and is signed', async () => {
    const double = new ReceiverDouble(KEY);
    await double.listen();
    onTestFinished(() => double.hangUp());
    const connector = open(double.url);
    expect(await apply(connector)).toEqual({ kind: 'done', level: 'reported' });
    const [post] = double.posts;
    if (!post) throw new Error('Nothing came.');
    expect(post.url).toBe('/hooks/interdict?from=test');
    expect(post.headers['content-type']).toBe('application/json');
    expect(post.body).toEqual({
      type: 'securityAction.apply',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      data: {
        operationId: call.operationId,
        attempt: 1,
        actionId: call.request.actionId,
        tenantId: TENANT_A,
        name: 'BlockIp',
        target: 'ip:198.51.100.9',
        parameters: [{ name: 'AlertId', value: 'A-1' }],
        reason: 'Test of a connector',
        expirationDateTime: call.expirationDateTime,
      },
    });
    expect(await isSigned(post, KEY)).toBe(true);
    for (const changed of ['webhook-id', 'webhook-timestamp']) {
      expect(await isSigned({ ...post, headers: { ...post.headers, [changed]: '1' } }, KEY), changed).toBe(false);
    }
    expect(await isSigned({ ...post, text: post.text.replace('100.9', '100.8') }, KEY)).toBe(false);
  });

  test('has the operation for its id at every attempt, and a look one of its own', async () => {
    const double = new ReceiverDouble(KEY);
    await double.listen();
    onTestFinished(() => double.hangUp());
    const connector = open(double.url);
    const signal = AbortSignal.timeout(5_000);
    await connector.apply(call, signal);
    await connector.apply({ ...call, attempt: 2 }, signal);
    await connector.release(call, signal);
    await connector.verify?.(call, signal);
    await connector.verify?.(call, signal);
    const ids = double.posts.map(({ headers }) => headers['webhook-id']);
    expect(ids.slice(0, 3)).toEqual([call.operationId, call.operationId, call.operationId]);
    expect(new Set(ids).size).toBe(3);
    expect(double.posts.map(({ body }) => `${body.type} ${body.data.attempt}`)).toEqual([
      'securityAction.apply 1',
      'securityAction.apply 2',
      'securityAction.release 1',
      'securityAction.verify 1',
      'securityAction.verify 1',
    ]);
    expect(double.posts.every(({ body }) => body.data.operationId === call.operationId)).toBe(true);
  });

  test('goes over connections that stay open', async () => {
    const double = new ReceiverDouble(KEY);
    await double.listen();
    onTestFinished(() => double.hangUp());
    const connector = open(double.url);
    for (let count = 0; count < 10; count += 1) expect((await apply(connector)).kind).toBe('done');
    expect(double.posts).toHaveLength(10);
    // undici lets a connection rest for a turn after an answer: calls in a row take two in turn.
    expect(double.connections).toBeLessThanOrEqual(2);
  });
});

describe('a receiver', () => {
  test('that redirects is not followed', async () => {
    let strays = 0;
    const elsewhere = await listen(() => {
      strays += 1;
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const answer = await applyTo((socket) =>
        socket.end(`HTTP/1.1 ${status} Moved\r\nlocation: ${urlOf(elsewhere)}\r\ncontent-length: 0\r\n\r\n`),
      );
      expect(answer).toMatchObject({ kind: 'unknown', message: expect.stringMatching(/redirect/) });
    }
    expect(strays).toBe(0);
  });

  test('that hangs is left when the signal says so', async () => {
    const server = await listen(() => undefined);
    const abort = new AbortController();
    const answer = apply(open(urlOf(server)), abort.signal);
    await vi.waitFor(() => expect(sockets.size).toBe(1));
    const [socket] = sockets;
    abort.abort();
    expect(await answer).toMatchObject({ kind: 'unknown', message: expect.stringMatching(/ended before the answer/) });
    await vi.waitFor(() => expect(socket?.destroyed || socket?.readableEnded).toBe(true));
  });

  test('that answers 10 GB is left after 64 KB', async () => {
    let written = 0;
    const flood = Buffer.alloc(1024 * 1024, ' ');
    const answer = await applyTo((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n');
      const more = (): void => {
        while (!socket.destroyed && written < 10 * 1024 ** 3 && socket.write(flood)) written += flood.length;
      };
      socket.on('drain', more);
      more();
    });
    expect(answer).toMatchObject({ kind: 'unknown', message: expect.stringMatching(/longer than 64 KB/) });
    expect(written).toBeLessThan(16 * 1024 ** 2);
  });

  test('that answers with just 64 KB is heard', async () => {
    const body = JSON.stringify({ state: 'inForce', message: 'x'.repeat(65_536 - 32) });
    expect(body).toHaveLength(65_536);
    const answer = await applyTo((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
    );
    expect(answer.kind).toBe('done');
    const longer = await applyTo((socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 65537\r\n\r\n${body} `));
    expect(longer.kind).toBe('unknown');
  });

  test.each([
    ['closes before the answer', ''],
    ['closes in the head', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['closes in the body', 'HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{"state":"inF'],
    ['closes in a body that looks whole', 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"state":"inForce"}'],
    [
      'closes in a body of chunks',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n13\r\n{"state":"inForce"}\r\n',
    ],
    ['says a length too short', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{"state":"inForce"}'],
    ['says two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 19\r\ncontent-length: 18\r\n\r\n{"state":"inForce"}'],
    [
      'says a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 19\r\ntransfer-encoding: chunked\r\n\r\n{"state":"inForce"}',
    ],
    ['says a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{"state":"inForce"}'],
    ['speaks no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['speaks HTTP/0.9', '{"state":"inForce"}'],
    ['has a head without end', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['refuses with half a body', 'HTTP/1.1 422 No\r\ncontent-length: 100\r\n\r\n{"message"'],
  ])('that %s is not believed', async (_, bytes) => {
    expect(await applyTo((socket) => socket.end(bytes))).toMatchObject({ kind: 'unknown' });
  });

  test.each([
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{"state":"inForce"}'],
    ['HTTP/1.1 without a length', 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{"state":"inForce"}'],
    ['chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n13\r\n{"state":"inForce"}\r\n0\r\n\r\n'],
    ['early hints', `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${OK}`],
  ])('that speaks %s is understood', async (_, bytes) => {
    expect(await applyTo((socket) => socket.end(bytes))).toEqual({ kind: 'done', level: 'reported' });
  });

  test('that cannot be connected to got nothing, certainly', async () => {
    const server = await listen(() => undefined);
    const url = urlOf(server);
    server.close();
    await once(server, 'close');
    expect(await apply(open(url))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  test('whose name does not resolve got nothing, certainly', async () => {
    const resolve: Resolve = (hostname, callback) =>
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), []);
    const answer = await apply(open('https://soar.example/', { resolve }));
    expect(answer).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/ENOTFOUND soar\.example/) });
    const nowhere = await apply(open('https://soar.example/', { resolve: (_, callback) => callback(null, []) }));
    expect(nowhere).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/no address/) });
  });

  test('whose name hangs in the resolver got nothing, and gets nothing later', async () => {
    const server = await listen(() => undefined);
    let answerLate: (() => void) | undefined;
    const resolve: Resolve = (_, callback) => {
      answerLate = () => callback(null, [{ address: '127.0.0.1', family: 4 }]);
    };
    const abort = new AbortController();
    const answer = apply(open(`http://soar.example:${portOf(server)}/`, { resolve }), abort.signal);
    await vi.waitFor(() => expect(answerLate).toBeDefined());
    abort.abort();
    expect(await answer).toMatchObject({ kind: 'unavailable' });
    answerLate?.();
    await vi.waitFor(() => expect(sockets.size).toBe(1));
    const [socket] = sockets;
    await vi.waitFor(() => expect(socket?.readableEnded || socket?.destroyed).toBe(true));
    expect(socket?.bytesRead).toBe(0);
  });

  test('with a certificate of its own making is refused, and the message says why', async () => {
    const { cert, key } = selfMadeCertificate('soar.example');
    let answered = 0;
    const server = await listen(() => {
      answered += 1;
    }, createTlsServer({ cert, key }));
    server.on('tlsClientError', () => undefined);
    const resolve: Resolve = (_, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);
    const answer = await apply(open(`https://soar.example:${portOf(server)}/`, { resolve }));
    expect(answer).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/self-signed certificate/) });
    expect(answered).toBe(0);
  });
});

describe('without allowPrivate', () => {
  const answering = (...answers: readonly (readonly string[])[]) => {
    const calls: string[] = [];
    const resolve: Resolve = (hostname, callback) => {
      const addresses = answers[Math.min(calls.length, answers.length - 1)] ?? [];
      calls.push(hostname);
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    };
    return { calls, resolve };
  };
  /** Of a block that was given back: public by its form, and nobody is there. */
  const NOBODY = '3ffe::1';

  test.each([
    [['127.0.0.1']],
    [['::1']],
    [['10.0.0.1']],
    [['169.254.169.254']],
    [['::ffff:127.0.0.1']],
    [['64:ff9b::7f00:1']],
    [['2002:7f00:1::']],
    [['fd00::1']],
    [[NOBODY, '127.0.0.1']],
    [['127.0.0.1', NOBODY]],
  ])('a name that resolves to %j is not connected to', async (addresses) => {
    const server = await listen(() => undefined);
    const { resolve, calls } = answering(addresses);
    const connector = open(`https://soar.example:${portOf(server)}/`, { resolve, allowPrivate: false });
    expect(await apply(connector)).toEqual({
      kind: 'unavailable',
      fault: 'ours',
      message: `Nothing was sent to soar.example:${portOf(server)}: soar.example has an address that is not public, and allowPrivate is not set.`,
    });
    expect(calls).toHaveLength(1);
    expect(sockets.size).toBe(0);
  });

  test('a name that is public at the first look and loopback at the second is never connected to on loopback', async () => {
    const server = await listen(() => undefined);
    const { resolve, calls } = answering([NOBODY], ['127.0.0.1']);
    const connector = open(`https://soar.example:${portOf(server)}/`, { resolve, allowPrivate: false });
    const first = await apply(connector, AbortSignal.timeout(500));
    expect(first).toMatchObject({ kind: 'unavailable' });
    expect(first).not.toHaveProperty('fault');
    expect(calls, 'one look for one connection').toHaveLength(1);
    const second = open(`https://soar.example:${portOf(server)}/`, { resolve, allowPrivate: false });
    expect(await apply(second)).toMatchObject({ kind: 'unavailable', fault: 'ours' });
    expect(sockets.size).toBe(0);
  });

  test.each(['localhost', 'localhost.'])('%s is not connected to', async (host) => {
    const server = await listen(() => undefined);
    const connector = open(`https://${host}:${portOf(server)}/`, { allowPrivate: false });
    expect(await apply(connector)).toMatchObject({ kind: 'unavailable' });
    expect(sockets.size).toBe(0);
  });

  test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'])(
    'the address %s is not connected to, whoever asks',
    async (hostname) => {
      const connect = guardedConnect(false, () => expect.unreachable('Nobody resolves an address.'));
      const { promise, resolve } = Promise.withResolvers<unknown>();
      connect({ hostname, host: hostname, protocol: 'https:', port: '443' }, (...answer) => resolve(answer[0]));
      expect(await promise).toMatchObject({ name: 'PrivateAddress' });
    },
  );
});
