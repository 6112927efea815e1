import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Answer, Connector, Effect, Presence } from '../connector.ts';
import { aCall, freePort, TENANT_A } from '../testing.ts';
import { squid } from './connector.ts';
import { createProbe, sealVerdict } from './probe-seal.ts';
import { connectStatus, getThrough } from './testing/squid-client.ts';
import { type RunningSquid, startSquid } from './testing/squid-product.ts';
import { linesOf, NO_PORTS, ownOf } from './testing/squid-under-test.ts';

const calm = (): AbortSignal => new AbortController().signal;
const EVIL: Effect = { tenantId: TENANT_A, action: 'BlockDomain', target: { kind: 'domain', value: 'evil.example' } };
const url = (value: string): Effect => ({ tenantId: TENANT_A, action: 'BlockUrl', target: { kind: 'url', value } });

const openWith = (own: object): Connector => {
  const connector = squid.open({ name: 'edge', own: { ...own } }, NO_PORTS);
  onTestFinished(() => connector.close());
  return connector;
};
const apply = (connector: Connector, effect = EVIL): Promise<Answer> => connector.apply(aCall(effect), calm());
const verify = async (connector: Connector, effect = EVIL): Promise<Presence> =>
  (await connector.verify?.(aCall(effect), calm())) ?? expect.unreachable();

/** A proxy that nobody is, and a list that can be written. */
async function nowhere(): Promise<{ list: string; proxy: string }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'squid-list-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { list: path.join(folder, 'blocked.txt'), proxy: `http://127.0.0.1:${await freePort()}` };
}

describe.skipIf(!requirement('squid').ok)('who answers Squid is gone', () => {
  const status = async (running: RunningSquid): Promise<number> =>
    (await getThrough(running.port, 'http://evil.example/')).status;

  const isPresent = async (connector: Connector): Promise<void> => {
    await vi.waitFor(async () => expect(await verify(connector)).toEqual({ kind: 'present' }), {
      timeout: 2_000,
      interval: 20,
    });
  };

  test.each([
    ['on', 200],
    ['off', 500],
  ] as const)('bypass=%s: what was blocked gets %i until Interdict is back', async (bypass, expected) => {
    const running = await startSquid({ way: 'icap', bypass });
    onTestFinished(() => running.stop());
    const own = ownOf(running, running.port, 'icap');
    const first = openWith(own);
    expect(await apply(first)).toMatchObject({ kind: 'done' });
    await isPresent(first);
    expect(await status(running)).toBe(403);
    await first.close();
    for (let count = 0; count < 20; count += 1) expect(await status(running)).toBe(expected);
    // One that reaches Squid, while Squid does not reach it.
    const apart = openWith({ ...own, icap: { port: await freePort() } });
    const unseen = { kind: 'unknown', message: expect.stringContaining('does not ask Interdict') };
    expect(await verify(apart)).toMatchObject(unseen);
    await expect(apart.list?.(TENANT_A, calm())).rejects.toThrow('does not ask Interdict');
    const again = openWith(own);
    await isPresent(again);
    expect(await status(running)).toBe(403);
    await again.close();
    await running.restart();
    expect(await status(running), 'a Squid that starts before Interdict').toBe(expected);
    expect(await verify(apart)).toMatchObject(unseen);
  });

  test.each([
    ['', 403, 'closed'],
    ['open', 200, 'open'],
  ])(
    'a helper with an unreadable list and "%s" answers %i',
    async (helperArguments, expected) => {
      const running = await startSquid({ way: 'helper', helperArguments });
      onTestFinished(() => running.stop());
      const connector = openWith(ownOf(running, running.port, 'helper'));
      expect(await apply(connector)).toMatchObject({ kind: 'done' });
      expect(await status(running)).toBe(403);
      chmodSync(path.dirname(running.list), 0o700);
      expect(await status(running), 'what was read last stays').toBe(403);
      expect(await connector.release(aCall(EVIL), calm())).toMatchObject({ kind: 'done' });
      expect(await verify(connector), 'the helper goes by what it read last').toMatchObject({
        kind: 'unknown',
        message: expect.stringContaining('another list'),
        fault: 'ours',
      });
      expect(await apply(connector)).toMatchObject({ kind: 'done' });
      await running.restart();
      expect(await status(running)).toBe(expected);
      expect((await getThrough(running.port, 'http://good.example/')).status).toBe(expected);
      expect((await verify(connector)).kind).not.toBe('present');
      chmodSync(path.dirname(running.list), 0o2750);
      expect(await verify(connector)).toEqual({ kind: 'present' });
    },
    30_000,
  );

  test('a Squid that asks nobody is never taken for one that blocks', async () => {
    const running = await startSquid({ way: 'icap', isDeaf: true });
    onTestFinished(() => running.stop());
    const connector = openWith(ownOf(running, running.port, 'icap'));
    expect(await apply(connector)).toMatchObject({ kind: 'done' });
    const connections = running.origin.connections();
    expect(await verify(connector)).toMatchObject({
      kind: 'unknown',
      message: expect.stringContaining('does not ask Interdict'),
    });
    expect(running.origin.connections(), 'even then no probe reaches a site').toBe(connections);
  });

  test('a Squid that asks about all but tunnels is seen', async () => {
    const running = await startSquid({ way: 'icap', exempt: 'method CONNECT' });
    onTestFinished(() => running.stop());
    const connector = openWith(ownOf(running, running.port, 'icap'));
    const [plain, whole] = [url('http://evil.example/x'), url('https://evil.example/')];
    for (const effect of [EVIL, plain, whole]) expect(await apply(connector, effect)).toMatchObject({ kind: 'done' });
    await vi.waitFor(async () => expect(await verify(connector, plain)).toEqual({ kind: 'present' }), {
      timeout: 5_000,
    });
    for (const effect of [EVIL, whole]) expect((await verify(connector, effect)).kind).toBe('unknown');
    await expect(connector.list?.(TENANT_A, calm())).rejects.toThrow('does not ask');
  });

  test('a Squid that refuses Interdict itself says what to do', async () => {
    const running = await startSquid({ way: 'icap', own: ['http_access deny all'] });
    onTestFinished(() => running.stop());
    const connector = openWith(ownOf(running, running.port, 'icap'));
    expect(await verify(connector)).toMatchObject({
      kind: 'unknown',
      fault: 'ours',
      message: expect.stringContaining('http_access'),
    });
    await expect(connector.list?.(TENANT_A, calm())).rejects.toThrow('http_access');
  });

  test('without TLS interception a path of an https URL is refused, and never claimed', async () => {
    const running = await startSquid({ way: 'icap' });
    onTestFinished(() => running.stop());
    const own = ownOf(running, running.port, 'icap');
    const [path_, whole] = [url('https://good.example/x'), url(`https://good.example:${running.origin.securePort}/`)];
    const seeing = openWith(own);
    expect(await apply(seeing, path_)).toMatchObject({ kind: 'done' });
    await seeing.close();
    const blind = openWith({ ...own, interceptsTls: false });
    expect(await apply(blind, path_)).toEqual({ kind: 'refused', message: expect.stringContaining('interceptsTls') });
    expect(await apply(blind, url('https://good.example/?q'))).toMatchObject({ kind: 'refused' });
    expect(await verify(blind, path_)).toEqual({ kind: 'absent' });
    await vi.waitFor(async () => expect(await blind.list?.(TENANT_A, calm())).toEqual([]), { timeout: 5_000 });
    expect(await blind.release(aCall(path_), calm())).toMatchObject({ kind: 'done' });
    expect(await linesOf(running.list)).toEqual([]);
    const authority = `good.example:${running.origin.securePort}`;
    expect(await connectStatus(running.port, authority)).toBe(200);
    expect(await apply(blind, whole), 'a whole site is seen').toMatchObject({ kind: 'done' });
    expect(await connectStatus(running.port, authority)).toBe(403);
    expect(await verify(blind, whole)).toEqual({ kind: 'present' });
  });
});

describe('what is configured wrongly', () => {
  test.each<[string, (list: string) => string, string]>([
    ['a folder that is not there', (list) => `${list}/../nowhere/blocked.txt`, 'its folder is not there'],
    ['a file where the folder should be', (list) => `${list}.file/blocked.txt`, 'is a file'],
    ['a folder in its place', (list) => `${list}.folder`, 'a folder stands in its place'],
    ['no space left', () => '/dev/full/blocked.txt', 'is a file'],
    ['a file system that takes no writes', () => '/proc/blocked.txt', '/proc/blocked.txt'],
  ])('the list: %s', async (_, place, words) => {
    const { list, proxy } = await nowhere();
    writeFileSync(`${list}.file`, '');
    mkdirSync(`${list}.folder`);
    const connector = openWith({ list: place(list), proxy });
    const wrong = { fault: 'ours', message: expect.stringContaining(words) };
    expect(await apply(connector)).toMatchObject({ kind: 'unavailable', ...wrong });
    expect(await connector.release(aCall(EVIL), calm())).toSatisfy(({ kind }: Answer) => kind === 'unavailable');
    expect(await verify(connector)).toMatchObject({ kind: 'unknown' });
    await expect(connector.list?.(TENANT_A, calm())).rejects.toThrow();
  });

  test('a proxy that is not there, or is no Squid', async () => {
    const { list, proxy } = await nowhere();
    const connector = openWith({ list, proxy });
    expect(await apply(connector)).toEqual({ kind: 'done', level: 'accepted' });
    expect(await verify(connector)).toMatchObject({
      kind: 'unknown',
      message: 'Squid cannot be reached (ECONNREFUSED).',
    });
    const server = createServer((socket) => socket.end('220 mail.example ESMTP\r\n\r\n')).listen(
      Number(new URL(proxy).port),
      '127.0.0.1',
    );
    onTestFinished(() => void server.close());
    await vi.waitFor(async () =>
      expect(await verify(connector)).toMatchObject({ message: expect.stringContaining('as Squid would') }),
    );
  });

  test('whoever says "blocked" without the key of the list is not believed', async () => {
    const { list, proxy } = await nowhere();
    const connector = openWith({ list, proxy });
    expect(await apply(connector)).toMatchObject({ kind: 'done' });
    const key = Buffer.from(/# probe-key ([0-9a-f]{64})/.exec(readFileSync(list, 'utf8'))?.[1] ?? '', 'hex');
    let [sealWith, ofProbe, status] = [key, '', 403];
    const server = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .once('data', (bytes) => {
          const probe = ofProbe || (/X-Interdict-Probe: (\S+)/.exec(bytes.toString())?.[1] ?? '');
          const verdict = sealVerdict(sealWith, probe, 'blocked');
          socket.end(`HTTP/1.1 ${status} X\r\nX-Interdict-Verdict: ${verdict}\r\n\r\n`);
        });
    }).listen(Number(new URL(proxy).port), '127.0.0.1');
    onTestFinished(() => void server.close());
    await vi.waitFor(async () => expect(await verify(connector)).toEqual({ kind: 'present' }));
    sealWith = Buffer.alloc(32);
    expect((await verify(connector)).kind, 'another key').toBe('unknown');
    [sealWith, ofProbe] = [key, createProbe(key)];
    expect((await verify(connector)).kind, 'the verdict on another probe').toBe('unknown');
    [ofProbe, status] = ['', 200];
    expect((await verify(connector)).kind, 'what passed').toBe('unknown');
  });

  test('a port for ICAP that another holds is named, and taken when it is free', async () => {
    const { list, proxy } = await nowhere();
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const connector = openWith({ list, proxy, icap: { port } });
    expect(await verify(connector)).toMatchObject({
      fault: 'ours',
      message: expect.stringContaining(`127.0.0.1:${port} (EADDRINUSE)`),
    });
    await new Promise((resolve) => other.close(resolve));
    expect(await verify(connector)).toMatchObject({ message: expect.not.stringContaining('EADDRINUSE') });
  });

  test.each<[string, object, string]>([
    ['no list', {}, 'absolute path'],
    ['a relative list', { list: 'blocked.txt' }, 'absolute path'],
    ['a list with a line end', { list: '/tmp/a\nb' }, 'absolute path'],
    ['a proxy over TLS', { list: '/tmp/x', proxy: 'https://127.0.0.1' }, 'proxy is'],
    ['a proxy with a user', { list: '/tmp/x', proxy: 'http://u:p@127.0.0.1' }, 'proxy is'],
    ['no address for ICAP', { list: '/tmp/x', icap: { address: 'localhost' } }, 'an address is wanted'],
    ['ICAP for all the world', { list: '/tmp/x', icap: { address: '0.0.0.0' } }, 'icap.allow'],
  ])('%s refuses the start', (_, own, words) => {
    expect(() => squid.open({ name: 'edge', own: { ...own } }, NO_PORTS)).toThrow(words);
  });
});

describe('what is no canonical target never reaches the list', () => {
  const DOMAINS = [
    'evil.example\ngood.example',
    'evil.example ',
    'evil.example;x',
    'evil.example\0',
    '*.evil.example',
    'evil',
    'EVIL.example',
    'evil.example.',
    '.evil.example',
    'a..b.example',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(140)}example`,
    '198.51.100.7',
    '::ffff:198.51.100.7',
    'evil.example/x',
    '"evil".example',
    '# probe-key 0',
    'bücher.example',
    'evil.example:80',
    'u@evil.example',
    '%65vil.example',
    '',
  ];
  const URLS = [
    'http://evil.example/a\nb',
    'http://evil.example/a b',
    'http://evil.example/\0',
    'http://EVIL.example/',
    'http://evil.example',
    'http://evil.example:80/',
    'http://evil.example/a/../b',
    'http://u:p@evil.example/',
    'http://evil.example/#x',
    'ftp://evil.example/',
    'javascript:alert(1)',
    'http://[::ffff:198.51.100.7]/',
    'http://0x7f.1/',
    `http://evil.example/${'a'.repeat(9_000)}`,
    'http://evil.example/\t',
    'http:\\\\evil.example\\',
    'http://evil.example/é',
    '*',
    '',
  ];

  test.each([
    ...DOMAINS.map((value): [string, Effect] => [
      JSON.stringify(value).slice(0, 60),
      { ...EVIL, target: { kind: 'domain', value } },
    ]),
    ...URLS.map((value): [string, Effect] => [JSON.stringify(value).slice(0, 60), url(value)]),
    ['a tenant that is none', { ...EVIL, tenantId: 'x\ny' }],
    ['a URL as a domain', { ...EVIL, target: { kind: 'domain', value: 'http://evil.example/' } } as Effect],
  ])('%s', async (_, effect) => {
    const { list, proxy } = await nowhere();
    const connector = openWith({ list, proxy, interceptsTls: true });
    expect(await apply(connector, effect)).toMatchObject({ kind: 'refused' });
    expect(await linesOf(list)).toEqual([]);
  });
});

describe.skipIf(!requirement('squid').ok)('the least that each needs', () => {
  const [INTERDICT, STRANGER, NOBODY] = [65_531, 65_532, 65_534];
  const as = (user: number, ...command: [string, ...string[]]) =>
    execFileSync('setpriv', [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  let running: RunningSquid;
  beforeAll(async () => {
    running = await startSquid({ way: 'helper' });
    chownSync(path.dirname(running.list), INTERDICT, NOBODY);
  });
  afterAll(() => running?.stop());

  test('Interdict as a user without rights writes, Squid only reads, others see nothing', async () => {
    const script = `
      const { squid } = await import(${JSON.stringify(path.join(import.meta.dirname, 'connector.ts'))});
      const connector = squid.open({ name: 'edge', own: ${JSON.stringify(ownOf(running, running.port, 'helper'))} }, {});
      const call = ${JSON.stringify(aCall(EVIL))};
      const signal = new AbortController().signal;
      console.log(JSON.stringify([await connector.apply(call, signal), await connector.verify(call, signal)]));`;
    const told = as(INTERDICT, process.execPath, '--conditions=source', '--input-type=module', '-e', script);
    expect(JSON.parse(told)).toEqual([{ kind: 'done', level: 'accepted' }, { kind: 'present' }]);
    expect((await getThrough(running.port, 'http://evil.example/')).status).toBe(403);
    const { mode, uid, gid } = statSync(running.list);
    expect([mode & 0o777, uid, gid]).toEqual([0o640, INTERDICT, NOBODY]);
    expect(as(NOBODY, 'cat', running.list)).toContain('evil.example');
    expect(() => as(NOBODY, 'sh', '-c', `echo >> ${running.list}`)).toThrow('Permission denied');
    expect(() => as(NOBODY, 'rm', '-f', running.list)).toThrow('Permission denied');
    expect(() => as(STRANGER, 'cat', running.list)).toThrow('Permission denied');
  });

  test('a group that Interdict is not in is not taken away from the list', async () => {
    const before = readFileSync(running.list, 'utf8');
    chownSync(running.list, INTERDICT, STRANGER);
    const script = `
      const { squid } = await import(${JSON.stringify(path.join(import.meta.dirname, 'connector.ts'))});
      const connector = squid.open({ name: 'edge', own: ${JSON.stringify(ownOf(running, running.port, 'helper'))} }, {});
      const call = ${JSON.stringify(aCall(url('http://evil.example/other')))};
      console.log(JSON.stringify(await connector.apply(call, new AbortController().signal)));`;
    const told = as(INTERDICT, process.execPath, '--conditions=source', '--input-type=module', '-e', script);
    expect(JSON.parse(told)).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining(`its group ${STRANGER} cannot be kept (EPERM)`),
      fault: 'ours',
    });
    expect(readFileSync(running.list, 'utf8')).toBe(before);
    expect(statSync(running.list).gid).toBe(STRANGER);
  });
});
