import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { freePort, HOSTILE_ANSWERS, type HostileAnswer } from '../testing.ts';
import { BlockList } from './block-list.ts';
import { IcapServer } from './icap-server.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'icap-'));
const file = path.join(folder, 'blocked.txt');
let port = 0;
let server: IcapServer;

beforeAll(async () => {
  writeFileSync(file, 'evil.example\nhttp://site.example/bad\n');
  port = await freePort();
  server = new IcapServer({ address: '127.0.0.1', port, allow: [] }, new BlockList(file));
  await server.open();
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** What comes, until it is quiet for a while then, or over. */
async function listen(socket: Socket, quietMs = 150): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  let length = -1;
  for (let round = 0; !socket.readableEnded && (length !== text.length || (length === 0 && round < 40)); round += 1) {
    length = text.length;
    await new Promise((resolve) => setTimeout(resolve, quietMs));
  }
  return text;
}

async function say(bytes: string): Promise<string> {
  const socket = await open();
  socket.write(bytes, 'latin1');
  const answer = await listen(socket);
  socket.destroy();
  return answer;
}

/** As fast as it is taken, until it is over, nobody listens any more, or time is up. */
async function flood(socket: Socket, { chunks, pauseMs = 0 }: HostileAnswer, forMs: number): Promise<void> {
  const until = performance.now() + forMs;
  for (const chunk of chunks()) {
    if (socket.destroyed || performance.now() > until) return;
    const isTaken = socket.write(chunk);
    await new Promise((resolve) => (pauseMs > 0 ? setTimeout(resolve, pauseMs) : setImmediate(resolve)));
    if (!isTaken) await once(socket, 'drain', { signal: AbortSignal.timeout(forMs) }).catch(() => undefined);
  }
}

const http = (uri: string, method = 'GET'): string => `${method} ${uri} HTTP/1.1\r\nHost: x.example\r\n\r\n`;

function reqmod(uri: string, { headers = 'Allow: 204\r\n', body = '', method = 'GET' } = {}): string {
  const head = http(uri, method);
  const parts = `req-hdr=0, ${body === '' ? 'null-body' : 'req-body'}=${head.length}`;
  return `REQMOD icap://127.0.0.1/reqmod ICAP/1.0\r\nHost: 127.0.0.1\r\n${headers}Encapsulated: ${parts}\r\n\r\n${head}${body}`;
}

const statuses = (answer: string): readonly string[] =>
  [...answer.matchAll(/^ICAP\/1\.0 (\d+)/gm)].map(([, code = '']) => code);
const GOOD = 'http://good.example/';
const BAD = 'http://www.evil.example/';

describe('the protocol', () => {
  test('OPTIONS tells what it can do', async () => {
    const answer = await say('OPTIONS icap://127.0.0.1/reqmod ICAP/1.0\r\nHost: 127.0.0.1\r\n\r\n');
    expect(answer).toMatch(/^ICAP\/1\.0 200 OK\r\n/);
    for (const line of ['Methods: REQMOD', 'Allow: 204', 'Preview: 0', 'Encapsulated: null-body=0']) {
      expect(answer).toContain(`\r\n${line}\r\n`);
    }
  });

  test('204 for what passes, a 403 of its own for what is blocked, on one connection', async () => {
    const answer = await say(reqmod(GOOD) + reqmod(BAD) + reqmod('http://site.example/bad?x') + reqmod(GOOD));
    expect(statuses(answer)).toEqual(['204', '200', '200', '204']);
    const [, encapsulated = ''] = /res-hdr=0, res-body=(\d+)/.exec(answer) ?? [];
    const begin = answer.indexOf('HTTP/1.1 403 Forbidden');
    expect(answer.slice(begin, begin + Number(encapsulated))).toMatch(/Cache-Control: no-store\r\n\r\n$/);
  });

  test('a preview is taken, and the next request is found behind it', async () => {
    const preview = { headers: 'Preview: 0\r\n', body: '0\r\n\r\n', method: 'POST' };
    const answer = await say(
      reqmod(GOOD, preview) + reqmod(BAD, preview) + reqmod(GOOD, { ...preview, body: '0; ieof\r\n\r\n' }),
    );
    expect(statuses(answer)).toEqual(['204', '200', '204']);
  });

  test('a body without a preview is taken too, and the connection goes on', async () => {
    const body = { body: '5\r\nhello\r\n3;x=y\r\nyou\r\n0\r\n\r\n', method: 'POST' };
    expect(statuses(await say(reqmod(GOOD, body) + reqmod(BAD, body) + reqmod(GOOD)))).toEqual(['204', '200', '204']);
  });

  test('who takes no 204 gets his request back as it was', async () => {
    const body = '5\r\nhello\r\n0\r\n\r\n';
    const answer = await say(reqmod(GOOD, { headers: '', body, method: 'POST' }) + reqmod(GOOD, { headers: '' }));
    expect(statuses(answer)).toEqual(['200', '200']);
    expect(answer).toContain(`req-body=${http(GOOD, 'POST').length}\r\n\r\n${http(GOOD, 'POST')}${body}ICAP/1.0 200`);
    expect(answer.endsWith(`null-body=${http(GOOD).length}\r\n\r\n${http(GOOD)}`)).toBe(true);
  });

  test('a request in origin form is read with its Host', async () => {
    const text = reqmod('/bad').replace('Host: x.example', 'Host: evil.exam');
    expect(statuses(await say(text))).toEqual(['204']);
    expect(
      statuses(
        await say(
          reqmod('/x')
            .replace('x.example', 'b.evil.example')
            .replace(/=(\d+)/g, (_, n) => `=${n === '0' ? 0 : Number(n) + 5}`),
        ),
      ),
    ).toEqual(['200']);
  });

  test('a request that comes byte by byte is answered', async () => {
    const socket = (await open()).setNoDelay(true);
    for (const byte of reqmod(BAD)) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(statuses(await listen(socket))).toEqual(['200']);
    socket.destroy();
  });

  test('the peer may ask for the end', async () => {
    const socket = await open();
    socket.write(reqmod(GOOD, { headers: 'Allow: 204\r\nConnection: close\r\n' }));
    expect(statuses(await listen(socket))).toEqual(['204']);
    expect(socket.readableEnded).toBe(true);
  });
});

describe('what means harm', () => {
  test.each<[string, string, string]>([
    ['another method', 'RESPMOD icap://x/y ICAP/1.0\r\nEncapsulated: res-hdr=0, null-body=9\r\n\r\n', '405'],
    ['plain HTTP', http(GOOD), '400'],
    ['no Encapsulated', 'REQMOD icap://x/y ICAP/1.0\r\n\r\n', '400'],
    ['parts that lie', 'REQMOD icap://x/y ICAP/1.0\r\nEncapsulated: req-hdr=9, null-body=-1\r\n\r\n', '400'],
    ['no HTTP in it', 'REQMOD icap://x/y ICAP/1.0\r\nEncapsulated: req-hdr=0, null-body=2\r\n\r\n\r\n', '400'],
    ['a head without end', `REQMOD icap://x/y ICAP/1.0\r\nX: ${'a'.repeat(100_000)}`, '400'],
    ['a head of spaces', `REQMOD icap://x/y ICAP/1.0\r\nX:${' '.repeat(60_000)}x\r\n\r\n`, '400'],
    ['a chunk that is none', reqmod(GOOD, { headers: 'Preview: 0\r\n', body: 'zz\r\n' }), '400'],
    ['a chunk that is huge', reqmod(GOOD, { headers: 'Preview: 0\r\n', body: 'fffffff\r\n' }), '400'],
  ])('%s', async (_, bytes, status) => {
    const began = performance.now();
    expect(statuses(await say(bytes))).toEqual([status]);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(statuses(await say(reqmod(BAD)))).toEqual(['200']);
  });

  test('a head that is too long to be read is refused, not let through', async () => {
    const answer = await say(reqmod(`http://good.example/${'a'.repeat(140_000)}`));
    expect(answer).toContain('HTTP/1.1 403 Forbidden');
  });

  test('a hundred times hostile bytes, as a request and as a body', async () => {
    expect(HOSTILE_ANSWERS.length).toBeGreaterThanOrEqual(100);
    const before = process.memoryUsage().rss;
    const send = async (prefix: string, hostile: HostileAnswer): Promise<void> => {
      const socket = await open();
      socket.resume().write(prefix);
      await flood(socket, hostile, 400);
      socket.destroy();
    };
    for (let start = 0; start < HOSTILE_ANSWERS.length; start += 10) {
      const part = HOSTILE_ANSWERS.slice(start, start + 10);
      const prefixes = [
        '',
        reqmod(GOOD, { body: '0' }).slice(0, -1),
        reqmod(GOOD, { body: '5\r\nhello\r\n', headers: '' }),
      ];
      await Promise.all(part.flatMap((hostile) => prefixes.map((prefix) => send(prefix, hostile))));
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * 1024 ** 2);
    expect(statuses(await say(reqmod(BAD) + reqmod(GOOD)))).toEqual(['200', '204']);
  }, 60_000);

  test.concurrent('who dawdles is hung up on after 10 seconds, in a head or in a body', async () => {
    const began = performance.now();
    const dawdle = async (bytes: string): Promise<void> => {
      const socket = await open();
      socket.resume().write(bytes);
      const timer = setInterval(() => socket.write('0'), 100);
      await new Promise((resolve) => socket.once('close', resolve));
      clearInterval(timer);
    };
    await Promise.all([dawdle('REQ'), dawdle(reqmod(GOOD, { body: '0' })), dawdle(reqmod(GOOD).slice(0, -4))]);
    expect(performance.now() - began).toBeGreaterThan(9_000);
    expect(performance.now() - began).toBeLessThan(14_000);
  }, 20_000);

  test.concurrent('a body that never ends is hung up on', async () => {
    const socket = await open();
    socket.resume().write(reqmod(GOOD, { body: '5\r\nhello\r\n', method: 'POST' }));
    const chunk = Buffer.from(`4000\r\n${'x'.repeat(0x4000)}\r\n`);
    const chunks = function* () {
      for (;;) yield chunk;
    };
    await flood(socket, { name: 'chunks', chunks }, 5_000);
    expect(socket.destroyed).toBe(true);
    expect(socket.bytesWritten).toBeLessThan(16 * 1024 ** 2);
  });

  test('more connections than it takes are turned away, and those that stand go on', async () => {
    const sockets = await Promise.all(Array.from({ length: 1_000 }, open));
    sockets[0]?.write(reqmod(BAD));
    expect(statuses(await listen(sockets[0] as Socket))).toEqual(['200']);
    const more = connect(port, '127.0.0.1');
    more.on('error', () => undefined);
    await new Promise((resolve) => more.resume().once('close', resolve));
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => say(reqmod(BAD)).then(statuses)).toEqual(['200']);
  });
});

test('a list that cannot be read any more stays as it was read', async () => {
  writeFileSync(file, 'evil.example\n');
  expect(statuses(await say(reqmod(BAD)))).toEqual(['200']);
  rmSync(file);
  execFileSync('mkdir', [file]);
  expect(statuses(await say(reqmod(BAD)))).toEqual(['200']);
  execFileSync('rmdir', [file]);
  expect(statuses(await say(reqmod(BAD))), 'no file is an empty list').toEqual(['204']);
});

test.skipIf(!requirement('root').ok)('only loopback and who is allowed may ask', () => {
  const script = `
    const { IcapServer } = await import(${JSON.stringify(path.join(import.meta.dirname, 'icap-server.ts'))});
    const { BlockList } = await import(${JSON.stringify(path.join(import.meta.dirname, 'block-list.ts'))});
    const { connect } = await import('node:net');
    const server = new IcapServer({ address: '192.0.2.1', port: 1344, allow: ['192.0.2.2'] }, new BlockList('/nowhere'));
    await server.open();
    for (const localAddress of ['127.0.0.1', '192.0.2.2', '192.0.2.3']) {
      const socket = connect({ host: '192.0.2.1', port: 1344, localAddress }).on('error', () => undefined);
      socket.write('OPTIONS icap://x/y ICAP/1.0\\r\\nConnection: close\\r\\n\\r\\n');
      let text = '';
      for await (const chunk of socket) text += chunk;
      console.log(localAddress, text.slice(0, 12));
    }
    await server.close();`;
  const setUp = 'ip link set lo up; for n in 1 2 3; do ip addr add 192.0.2.$n/32 dev lo; done; exec "$@"';
  const told = execFileSync(
    'unshare',
    ['--net', 'sh', '-c', setUp, 'sh', process.execPath, '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  expect(told.trim().split('\n')).toEqual(['127.0.0.1 ICAP/1.0 200', '192.0.2.2 ICAP/1.0 200', '192.0.2.3']);
});
