import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Attacked, aRequest, inParallel, startAttacked } from '../attacked-server.ts';
import { openRaw, type RawOutcome, sendBytes } from '../raw-connection.ts';
import { type Refused, refusalFaults } from '../refusal.ts';
import { until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';
const VALID = JSON.stringify(aRequest());
const FRAMED = `Content-Length: ${VALID.length}\r\n`;
const CHUNKED = `${VALID.length.toString(16)}\r\n${VALID}\r\n0\r\n\r\n`;

let attacked: Attacked;
let authorization: string;
let ca: string;
let slow: Promise<readonly SlowOutcome[]>;
let before: readonly number[];

beforeAll(async () => {
  attacked = await startAttacked();
  authorization = `Authorization: Bearer ${await attacked.token()}\r\n`;
  ca = readFileSync(path.join(attacked.server.data, 'tls', 'cert.pem'), 'utf8');
  slow = Promise.all(SLOW.map(beSlow));
  slow.catch(() => undefined);
});
afterAll(() => attacked.close());
beforeEach(async () => {
  before = await attacked.traces();
});
afterEach(async () => {
  expect(await attacked.traces(), 'stored and sent').toEqual(before);
});

const hostOf = (url: string): string => `Host: ${new URL(url).host}\r\n`;

/** A POST that would be carried out, with these headers and this behind them. */
const aPost =
  (headers: string, body = VALID): ((host: string) => string) =>
  (host) =>
    `POST ${ACTIONS} HTTP/1.1\r\n${host}${authorization}${headers}\r\n${body}`;
const aGet =
  (headers: string, target = ACTIONS): ((host: string) => string) =>
  (host) =>
    `GET ${target} HTTP/1.1\r\n${host}${authorization}${headers}\r\n`;
const plainly =
  (text: string): (() => string) =>
  () =>
    text;

type Attack = readonly [name: string, make: (host: string) => string, refused?: Partial<Refused>];

const SMUGGLED = `GET ${ACTIONS} HTTP/1.1\r\nHost: x\r\n\r\n`;

const framing: readonly Attack[] = [
  ['length and chunks', aPost(`${FRAMED}Transfer-Encoding: chunked\r\n`, CHUNKED)],
  ['chunks and length', aPost(`Transfer-Encoding: chunked\r\n${FRAMED}`, CHUNKED)],
  [
    'no length and chunks, with a request behind',
    aPost('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
  ],
  ['two lengths', aPost(`${FRAMED}Content-Length: 0\r\n`)],
  ['one length twice', aPost(`${FRAMED}${FRAMED}`)],
  ['a list of lengths', aPost(`Content-Length: ${VALID.length}, ${VALID.length}\r\n`)],
  ...['+5', '-5', '0x5', '5 5', '5_0', '5.0', '99999999999999999999', '', 'x', '\u0665'].map(
    (length): Attack => [`a length of "${length}"`, aPost(`Content-Length: ${length}\r\n`, `${VALID}${SMUGGLED}`)],
  ),
  ...[
    'xchunked',
    'identity',
    'gzip, chunked',
    'chunked, chunked',
    'chunked, identity',
    'gzip',
    'chunked;q=1',
    '\u000bchunked',
    '"chunked"',
  ].map((coding): Attack => [`the coding ${coding}`, aPost(`Transfer-Encoding: ${coding}\r\n`, CHUNKED)]),
  ['the coding twice', aPost('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', CHUNKED)],
  ['the coding behind a bare LF', aPost(`${FRAMED}X: y\nTransfer-Encoding: chunked\r\n`)],
  ['the coding with a space in front of its colon', aPost('Transfer-Encoding : chunked\r\n', CHUNKED)],
  ['the coding folded', aPost('Transfer-Encoding:\r\n chunked\r\n', CHUNKED)],
  ...['-5', '0x5', '5 ', '+5', 'g', '', '5;\n', 'ffffffffffffffffff', ' 5'].map(
    (size): Attack => [
      `a chunk of "${size}"`,
      aPost('Transfer-Encoding: chunked\r\n', `${size}\r\n{}   \r\n0\r\n\r\n`),
    ],
  ),
  ['a chunk that is longer than it says', aPost('Transfer-Encoding: chunked\r\n', '2\r\n{}{}\r\n0\r\n\r\n')],
  ['chunks that end in a bare LF', aPost('Transfer-Encoding: chunked\r\n', '2\n{}\n0\n\n')],
  [
    'an extension of a chunk without end',
    aPost('Transfer-Encoding: chunked\r\n', `2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`),
    { status: 413 },
  ],
];

const twice = (name: string, one: string, other = one): Attack => [
  `two ${name}`,
  aGet(`${name}: ${one}\r\n${name.toUpperCase()}: ${other}\r\n`),
  { inner: 'duplicateProperty', target: name.toLowerCase(), says: /more than once/ },
];

const headers: readonly Attack[] = [
  [
    'two hosts',
    (host) => `GET /healthz HTTP/1.1\r\n${host}${host}\r\n`,
    { inner: 'duplicateProperty', target: 'host' },
  ],
  [
    'two hosts that differ',
    (host) => `GET /healthz HTTP/1.1\r\n${host}Host: other\r\n\r\n`,
    { inner: 'duplicateProperty' },
  ],
  ['no host', plainly('GET /healthz HTTP/1.1\r\n\r\n'), { inner: 'missingProperty', target: 'host' }],
  ['an empty host', plainly('GET /healthz HTTP/1.1\r\nHost:\r\n\r\n'), { inner: 'missingProperty', target: 'host' }],
  ...[
    'a b',
    'a/b',
    'a?b',
    'a#b',
    'user@host',
    '{a}',
    '"',
    '[',
    '[::1',
    '::1',
    'a:b',
    'a:99999',
    'a:80:80',
    'a,b',
    '<a>',
    'a\\b',
    '1.2.3.4.5',
    '%61',
    '\u00e9',
  ].map(
    (host): Attack => [
      `a host "${host}"`,
      plainly(`GET ${ACTIONS} HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
      { inner: 'invalidProperty', target: 'host' },
    ],
  ),
  ['two authorizations', (host) => aGet(authorization)(host), { inner: 'duplicateProperty', target: 'authorization' }],
  twice('Content-Type', 'application/json', 'text/plain'),
  twice('Content-Encoding', 'gzip'),
  twice('Expect', '100-continue'),
  twice('Idempotency-Key', 'a', 'b'),
  twice('Repeatability-Request-ID', 'a'),
  twice('Repeatability-First-Sent', 'Tue, 24 Nov 2026 20:00:00 GMT'),
  ['another expectation', aPost(`${FRAMED}Expect: 200-ok\r\n`), { target: 'expect' }],
  ['a bare LF', (host) => aGet('X: y\n')(host)],
  ['bare LFs only', plainly('GET /healthz HTTP/1.1\nHost: x\n\n')],
  ['a bare CR', aGet('X: y\rZ: 1\r\n')],
  ['a folded header', aGet('X: y\r\n z\r\n')],
  ['a space in front of a colon', aGet('X : y\r\n')],
  ['a space in front of a name', (host) => `GET /healthz HTTP/1.1\r\n X: y\r\n${host}\r\n`],
  ['no colon', aGet('X\r\n')],
  ['no name', aGet(': y\r\n')],
  ['a name with a letter that it cannot have', aGet('X(y): z\r\n')],
  ['a NUL', aGet('X: a\u0000b\r\n')],
  ['a header of 20 KB', aGet(`X: ${'y'.repeat(20_480)}\r\n`), { status: 431, says: /16 KB/ }],
  ['a name of 20 KB', aGet(`${'X'.repeat(20_480)}: y\r\n`), { status: 431 }],
  ['101 headers', aGet('X: y\r\n'.repeat(101)), { status: 431, says: /100 headers/ }],
  ['3,000 headers', aGet('X:\r\n'.repeat(3_000)), { status: 431 }],
  ['a URL of 20 KB', aGet('', `/${'a'.repeat(20_480)}`), { status: 431, says: /request line/ }],
];

const lines: readonly Attack[] = [
  ['HTTP/1.0', (host) => `GET /healthz HTTP/1.0\r\n${host}\r\n`, { says: /HTTP\/1\.0 is not served/ }],
  ['HTTP/1.0 that would be kept', (host) => `GET /healthz HTTP/1.0\r\n${host}Connection: keep-alive\r\n\r\n`],
  ...['HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'HTTP/1.1x', 'HTTP/1', 'HTP/1.1', 'http/1.1', 'HTTP/1.1 x', ''].map(
    (version): Attack => [`the version "${version}"`, (host) => `GET /healthz ${version}\r\n${host}\r\n`],
  ),
  ['the beginning of HTTP/2', plainly('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ['the beginning of TLS', plainly('\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n')],
  ['another protocol', plainly('SSH-2.0-OpenSSH_9.6\r\n\r\n')],
  ['mail', plainly('EHLO example.com\r\nMAIL FROM:<x>\r\n\r\n')],
  ['binary', plainly(`${'\u0000\u00ff\u0080'.repeat(50)}\r\n\r\n`)],
  ['an unknown method', (host) => `FETCH /healthz HTTP/1.1\r\n${host}\r\n`],
  ['a method in small letters', (host) => `get /healthz HTTP/1.1\r\n${host}\r\n`],
  ['no method', (host) => ` /healthz HTTP/1.1\r\n${host}\r\n`],
  ['no URL', (host) => `GET  HTTP/1.1\r\n${host}\r\n`],
  ['a URL with a space', (host) => `GET /health z HTTP/1.1\r\n${host}\r\n`],
  ['a URL with a NUL', (host) => `GET /health\u0000 HTTP/1.1\r\n${host}\r\n`],
  ['a URL with a letter that is none', (host) => `GET /h\u00e9 HTTP/1.1\r\n${host}\r\n`],
  ['a URL without a slash', (host) => `GET healthz HTTP/1.1\r\n${host}\r\n`],
  ['a fragment', (host) => `GET /healthz#x HTTP/1.1\r\n${host}\r\n`, { target: 'url', says: /fragment/ }],
  ['a fragment in the query', (host) => `GET ${ACTIONS}?$top=1#x HTTP/1.1\r\n${host}\r\n`, { target: 'url' }],
  [
    'a tunnel',
    plainly('CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n'),
    { status: 405, says: /CONNECT/ },
  ],
];

/** One answer in Graph's form, then the end: nothing behind it is read as a request. */
async function attackFaults([name, make, refused]: Attack, url: string): Promise<readonly string[]> {
  const bytes = make(hostOf(url));
  const { answers, isClosed } = await sendBytes(url, Buffer.from(`${bytes}${SMUGGLED}`, 'latin1'), { ca });
  const [first] = answers;
  if (!first || answers.length > 1) return [`${name}: ${answers.length} answers`];
  const faults = refusalFaults(first, { status: 400, ...refused });
  if (!isClosed) faults.push('open');
  if (first.headers.get('connection') !== 'close') faults.push(`connection: ${first.headers.get('connection')}`);
  return faults.map((fault) => `${name}: ${fault}`);
}

describe.each(['http', 'https'])('over %s', (scheme) => {
  const urlOf = (): string => (scheme === 'http' ? attacked.server.url : attacked.server.tlsUrl);

  it.each([
    ['a body whose end can be read in two ways', framing],
    ['a header that is broken, doubled or too large', headers],
    ['a request line that is none', lines],
  ])('%s is refused, and the connection ends', async (_, attacks) => {
    const found = await inParallel(attacks, (attack) => attackFaults(attack, urlOf()));
    expect(found.flat()).toEqual([]);
  });

  it.each(['websocket', 'h2c', 'TLS/1.0'])('an upgrade to %s does not happen', async (protocol) => {
    const upgrade = `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n`;
    const bytes = aGet(`${upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`, '/healthz')(hostOf(urlOf()));
    const { answers } = await sendBytes(urlOf(), bytes, { ca, answers: 1 });
    expect(answers.map(({ status, headers: all }) => [status, all.get('upgrade')])).toEqual([[200, undefined]]);
  });

  it('requests in a row are answered in their order', async () => {
    const targets = Array.from({ length: 30 }, (_, at) =>
      at % 3 === 0 ? `${ACTIONS}/none-${at}` : at % 3 === 1 ? '/healthz' : '/nowhere',
    );
    const bytes = targets.map((target) => aGet('', target)(hostOf(urlOf()))).join('');
    const { answers } = await sendBytes(urlOf(), bytes, { ca, answers: targets.length });
    expect(answers.map(({ status }) => status)).toEqual(targets.map((target) => (target === '/healthz' ? 200 : 404)));
    expect(answers[3]?.body).toContain('none-3');
  });

  it('an answer to garbage waits for the answers in front of it, and nothing behind it is answered', async () => {
    const host = hostOf(urlOf());
    const unknown = JSON.stringify(aRequest({ name: 'BlockIpp' }));
    const post = aPost(`Content-Length: ${unknown.length}\r\n`, unknown)(host);
    const bytes = `${aGet('')(host)}${post}${aGet('', '/healthz')(host)}garbage\r\n\r\n${SMUGGLED}`;
    const { answers, isClosed } = await sendBytes(urlOf(), bytes, { ca });
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 200, 400]);
    expect(answers[1]?.body).toContain('unknownAction');
    expect(answers[3]?.body).toContain('no HTTP/1.1 request');
    expect(isClosed).toBe(true);
  });

  it('a body that is announced is asked for only where it is wanted', async () => {
    const host = hostOf(urlOf());
    const expecting = 'Expect: 100-continue\r\n';
    const unknown = JSON.stringify(aRequest({ name: 'BlockIpp' }));
    const wanted = openRaw(urlOf(), ca);
    wanted.send(aPost(`Content-Length: ${unknown.length}\r\n${expecting}`, '')(host));
    expect((await wanted.outcome(1)).answers.map(({ status }) => status)).toEqual([100]);
    wanted.send(unknown);
    expect((await wanted.outcome(2)).answers.map(({ status }) => status)).toEqual([100, 400]);
    wanted.socket.destroy();
    const unwanted: readonly (readonly [string, number])[] = [
      [`POST ${ACTIONS} HTTP/1.1\r\n${host}Content-Length: 10\r\n${expecting}\r\n`, 401],
      [aPost(`Content-Length: 300000\r\n${expecting}`, '')(host), 413],
      [aPost(`Content-Length: 10\r\nContent-Encoding: br\r\n${expecting}`, '')(host), 415],
      [`PUT /healthz HTTP/1.1\r\n${host}Content-Length: 10\r\n${expecting}\r\n`, 405],
      [`POST /nowhere HTTP/1.1\r\n${host}Content-Length: 10\r\n${expecting}\r\n`, 404],
    ];
    for (const [bytes, status] of unwanted) {
      const { answers, isClosed } = await sendBytes(urlOf(), bytes, { ca });
      expect([answers.map((answer) => answer.status), isClosed]).toEqual([[status], true]);
      expect(refusalFaults(answers[0] ?? { status: 0, headers: new Map(), body: '' }, { status })).toEqual([]);
    }
  });

  it('a client that goes away in the middle leaves nothing behind', async () => {
    const host = hostOf(urlOf());
    const whole = aPost(FRAMED)(host);
    const cuts = Array.from({ length: 100 }, (_, at) => Math.floor((at / 100) * (whole.length - 1)) + 1);
    await inParallel(cuts, async (cut) => {
      const { socket, outcome, send } = openRaw(urlOf(), ca);
      send(whole.slice(0, cut));
      socket.end();
      if (cut % 2) socket.destroySoon();
      await outcome();
    });
    expect((await attacked.http.ask('/healthz')).status).toBe(200);
  });
});

interface SlowOutcome extends RawOutcome {
  readonly name: string;
}

interface Slow {
  readonly name: string;
  readonly scheme: 'http' | 'https' | 'tcp';
  /** Sent at once, and what then comes byte by byte, four times a second. */
  readonly first: () => string;
  readonly drip: string;
  readonly status: number | undefined;
  readonly withinMs: readonly [least: number, most: number];
}

const HEADER_TIME = [9_000, 14_000] as const;
const BODY_TIME = [28_000, 38_000] as const;

const SLOW: readonly Slow[] = (['http', 'https'] as const)
  .flatMap((scheme): readonly Slow[] => [
    {
      name: 'headers',
      scheme,
      first: () => `GET /healthz HTTP/1.1\r\nHost: x\r\n`,
      drip: 'X: y\r\n',
      status: 408,
      withinMs: HEADER_TIME,
    },
    { name: 'a request line', scheme, first: () => 'GET /', drip: 'a', status: 408, withinMs: HEADER_TIME },
    {
      name: 'a body',
      scheme,
      first: () => aPost(FRAMED, '')(hostOf(attacked.server.url)),
      drip: ' ',
      status: 408,
      withinMs: BODY_TIME,
    },
    {
      name: 'chunks',
      scheme,
      first: () => aPost('Transfer-Encoding: chunked\r\n', '')(hostOf(attacked.server.url)),
      drip: '1\r\n \r\n',
      status: 408,
      withinMs: BODY_TIME,
    },
    {
      name: 'nothing after an answer',
      scheme,
      first: () => aGet('', '/healthz')(hostOf(attacked.server.url)),
      drip: '',
      status: 200,
      withinMs: [4_000, 9_000],
    },
  ])
  .concat([
    {
      name: 'a TLS handshake',
      scheme: 'tcp',
      first: () => '\u0016\u0003\u0001\u0002\u0000',
      drip: '',
      status: undefined,
      withinMs: HEADER_TIME,
    },
  ]);

async function beSlow({ name, scheme, first, drip }: Slow): Promise<SlowOutcome> {
  const { url, tlsUrl } = attacked.server;
  const target = { http: url, https: tlsUrl, tcp: tlsUrl.replace('https', 'http') }[scheme];
  const connection = openRaw(target, ca);
  connection.send(Buffer.from(first(), 'latin1'));
  const timer = setInterval(() => {
    if (drip !== '' && connection.socket.writable) connection.send(drip);
  }, 250);
  const outcome = await connection.outcome().finally(() => clearInterval(timer));
  return { ...outcome, name: `${name} over ${scheme}` };
}

describe('a client that takes its time', () => {
  it('slows nobody: 2,000 connections that say nothing, and then they are ended', async () => {
    const { port } = new URL(attacked.server.url);
    const timeOf = async (): Promise<number> => {
      const began = performance.now();
      expect((await attacked.http.ask('/healthz')).status).toBe(200);
      return performance.now() - began;
    };
    const sockets: Socket[] = [];
    let open = 0;
    for (let index = 0; index < 2_000; index += 1) {
      const socket = net.connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.once('connect', () => {
        open += 1;
      });
      socket.once('close', () => {
        open -= 1;
      });
      socket.resume();
      sockets.push(socket);
      // More at once than the listener's queue holds would wait for the kernel, not for the server.
      if (index % 100 === 99)
        await until(
          () => open,
          (count) => count > index - 50,
        );
    }
    await until(
      () => open,
      (count) => count === 2_000,
    );
    const times: number[] = [];
    for (let count = 0; count < 100; count += 1) times.push(await timeOf());
    times.sort((a, b) => a - b);
    expect(open).toBe(2_000);
    expect(times[50]).toBeLessThan(30);
    expect(times[98]).toBeLessThan(150);
    await until(
      () => open,
      (count) => count === 0,
      16_000,
    );
    for (const socket of sockets) socket.destroy();
  }, 60_000);

  it('is cut off in time, in Graph’s form, whatever it is slow with', async () => {
    const outcomes = await slow;
    for (const [index, { answers, isClosed, tookMs, name }] of outcomes.entries()) {
      const { status, withinMs: [least, most] = [0, 0] } = SLOW[index] ?? {};
      expect(isClosed, name).toBe(true);
      expect(
        answers.map((answer) => answer.status),
        name,
      ).toEqual(status === undefined ? [] : [status]);
      expect(tookMs, name).toBeGreaterThan(least);
      expect(tookMs, name).toBeLessThan(most);
      const [answer] = answers;
      if (answer && status === 408) expect(refusalFaults(answer, { status, says: /took too long/ }), name).toEqual([]);
    }
  }, 60_000);

  it('that does not read what it asked for does not fill the memory', async () => {
    const value = 'x'.repeat(240_000);
    const record = JSON.stringify({ name: 'large', status: 'Completed', parameters: [{ name: 'text', value }] });
    await inParallel([...Array(40).keys()], () =>
      attacked.ask('/localtest/security/securityActions', { method: 'POST', body: record }),
    );
    before = await attacked.traces();
    const rss = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${attacked.server.pid}/status`, 'utf8'))?.[1]);
    const atFirst = rss();
    const bytes = aGet('', `${ACTIONS}?$top=1000`)(hostOf(attacked.server.url)).repeat(40);
    const { port } = new URL(attacked.server.url);
    const sockets = await inParallel([...Array(8).keys()], async () => {
      const socket = net.connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(bytes);
      // On a busy machine it may be cut off before: what matters is what lies in memory.
      await once(socket, 'readable').catch(() => undefined);
      return socket;
    });
    for (let count = 0; count < 20; count += 1) expect((await attacked.http.ask('/healthz')).status).toBe(200);
    expect(rss() - atFirst).toBeLessThan(400_000);
    for (const socket of sockets) socket.destroy();
  }, 60_000);
});
