import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import path from 'node:path';
import type { TargetKind } from '@interdict/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Answer, Connector, Effect } from '../connector.ts';
import { aCall, TENANT_A, TENANT_B } from '../testing.ts';
import { haproxy } from './connector.ts';
import { NO_PORTS, type RunningHaproxy, startHaproxy, startSeenHaproxy } from './testing/haproxy-product.ts';

const ACTIONS: Partial<Record<TargetKind, string>> = {
  ip: 'BlockIp',
  cidr: 'BlockIp',
  domain: 'BlockDomain',
  url: 'BlockUrl',
};
const effect = (kind: TargetKind, value: string, tenantId = TENANT_A): Effect => ({
  tenantId,
  action: ACTIONS[kind] ?? 'BlockFile',
  target: { kind, value },
});
const calm = (): AbortSignal => new AbortController().signal;

describe.skipIf(!requirement('haproxy').ok)('HAProxy, seen by its clients', () => {
  let product: RunningHaproxy;
  let connector: Connector;

  const open = (own: object = {}): Connector =>
    haproxy.open({ name: 'front', own: { ...product.own, socket: `${product.folder}/real.sock`, ...own } }, NO_PORTS);
  const apply = (kind: TargetKind, value: string, tenantId?: string): Promise<Answer> =>
    connector.apply(aCall(effect(kind, value, tenantId)), calm());
  const release = (kind: TargetKind, value: string, tenantId?: string): Promise<Answer> =>
    connector.release(aCall(effect(kind, value, tenantId)), calm());
  const look = (kind: TargetKind, value: string) => connector.verify?.(aCall(effect(kind, value)), calm());
  const fileOf = (name: string): string => readFileSync(path.join(product.folder, `${name}.map`), 'utf8');
  const DONE = { kind: 'done', level: 'reported' };

  beforeAll(async () => {
    product = await startHaproxy();
  });
  afterAll(() => product?.stop());
  beforeEach(async () => {
    for (const name of ['ip', 'domain', 'url']) {
      writeFileSync(path.join(product.folder, `${name}.map`), '');
      await product.admin(`clear map ${product.folder}/${name}.map`);
    }
    connector = open();
  });
  afterEach(() => connector.close());

  test('a domain and all below it are turned away, however they are written, and nothing beside them', async () => {
    const hosts = ['evil.example', 'www.evil.example', 'EVIL.example', 'evil.example.', 'evil.example:8080'];
    const others = ['notevil.example', 'evil.example.org', 'example'];
    const statuses = () => Promise.all([...hosts, ...others].map((host) => product.status({ host })));
    expect(new Set(await statuses())).toEqual(new Set([200]));
    expect(await apply('domain', 'evil.example')).toEqual(DONE);
    expect(await statuses()).toEqual([...hosts.map(() => 403), ...others.map(() => 200)]);
    expect(await release('domain', 'evil.example')).toEqual(DONE);
    expect(new Set(await statuses())).toEqual(new Set([200]));
  });

  test('a client is turned away by its address, and by its network', async () => {
    expect(await apply('cidr', '127.9.0.0/16')).toEqual(DONE);
    expect(await apply('ip', '127.8.0.1')).toEqual(DONE);
    const from = (address: string) => product.status({ host: 'good.example', from: address });
    expect([await from('127.9.3.4'), await from('127.8.0.1'), await from('127.8.0.2')]).toEqual([403, 403, 200]);
    await release('cidr', '127.9.0.0/16');
    expect([await from('127.9.3.4'), await from('127.8.0.1')]).toEqual([200, 403]);
  });

  test.each<[string, readonly string[], readonly string[]]>([
    [
      'http://site.example/bad',
      ['/bad', '/bad/', '/bad/x', '/bad?q', '/bad/x?q'],
      ['/badger', '/', '/good/bad', '/Bad'],
    ],
    ['http://site.example/bad/', ['/bad/', '/bad/x'], ['/bad', '/badger']],
    ['http://site.example/', ['/', '/any', '/?q'], []],
    ['http://site.example/a?b=c', ['/a?b=c'], ['/a', '/a?b=cd', '/a?b', '/a/x?b=c']],
    ['http://site.example/a;b,c', ['/a;b,c', '/a;b,c/d'], ['/a', '/a;b']],
  ])('%s is turned away on the boundaries of a path', async (url, blocked, free) => {
    await apply('url', url);
    const status = (where: string) => product.status({ host: 'site.example', path: where });
    expect(await Promise.all(blocked.map(status)), 'blocked').toEqual(blocked.map(() => 403));
    expect(await Promise.all(free.map(status)), 'free').toEqual(free.map(() => 200));
    expect(await product.status({ host: 'other.example', path: blocked[0] ?? '/' })).toBe(200);
    await release('url', url);
    expect(await Promise.all(blocked.map(status))).toEqual(blocked.map(() => 200));
  });

  test('the scheme and the port count', async () => {
    await apply('url', 'https://site.example/x');
    await apply('url', 'http://site.example:8080/y');
    const status = (host: string, where: string) => product.status({ host, path: where });
    expect([
      await status('site.example', '/x'),
      await status('site.example', '/y'),
      await status('site.example:8080', '/y'),
    ]).toEqual([200, 200, 403]);
  });

  test('who keeps his connection is turned away with his next request', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await product.status({ host: 'evil.example', agent })).toBe(200);
    await apply('domain', 'evil.example');
    expect(await product.status({ host: 'evil.example', agent })).toBe(403);
    agent.destroy();
  });

  test('a block outlives HAProxy, and a release too', async () => {
    await apply('domain', 'evil.example');
    await apply('domain', 'gone.example');
    await release('domain', 'gone.example');
    await product.restart();
    expect([await product.status({ host: 'evil.example' }), await product.status({ host: 'gone.example' })]).toEqual([
      403, 200,
    ]);
    expect(await look('domain', 'evil.example')).toEqual({ kind: 'present' });
  });

  test("an administrator's lines stay in HAProxy and in the file, also on the same key", async () => {
    const mine = '# by hand\n.evil.example   by-hand\n10.0.0.0/8 x\n';
    writeFileSync(path.join(product.folder, 'domain.map'), mine);
    await product.admin(`add map ${product.folder}/domain.map .evil.example by-hand`);
    expect(await look('domain', 'evil.example')).toEqual({ kind: 'present', foreign: true });
    await apply('domain', 'evil.example');
    await apply('domain', 'other.example');
    await release('domain', 'evil.example');
    await release('domain', 'other.example');
    expect(fileOf('domain')).toBe(mine);
    expect(await product.status({ host: 'evil.example' })).toBe(403);
  });

  test('two tenants block one name, and the second entry of a lost answer leaves with the first', async () => {
    await apply('domain', 'evil.example', TENANT_A);
    await apply('domain', 'evil.example', TENANT_B);
    await product.admin(`add map ${product.folder}/domain.map .evil.example interdict:${TENANT_A}`);
    await release('domain', 'evil.example', TENANT_A);
    expect(fileOf('domain')).toBe(`.evil.example interdict:${TENANT_B}\n`);
    expect(await product.status({ host: 'evil.example' })).toBe(403);
    await release('domain', 'evil.example', TENANT_B);
    expect(await product.status({ host: 'evil.example' })).toBe(200);
  });

  test.each<[TargetKind, string]>([
    ['domain', 'evil.example\nadd map x y'],
    ['domain', 'evil.example;clear map'],
    ['domain', 'evil.example '],
    ['domain', '*.evil.example'],
    ['domain', 'evil.example.'],
    ['domain', 'Evil.example'],
    ['domain', 'еvil.example'],
    ['domain', `${'a'.repeat(64)}.example`],
    ['domain', `${'a.'.repeat(130)}example`],
    ['domain', 'evil\0.example'],
    ['domain', '#evil.example'],
    ['ip', '198.51.100.9;x'],
    ['ip', '198.51.100.0/24'],
    ['ip', 'localhost'],
    ['ip', '0x7f.1'],
    ['ip', 'fe80::1%eth0'],
    ['cidr', '198.51.100.9/24'],
    ['url', 'http://evil.example/ x'],
    ['url', 'http://evil.example/\n'],
    ['url', 'http://evil.example'],
    ['url', 'http://user@evil.example/'],
    ['url', 'http://evil.example/#x'],
    ['url', 'ftp://evil.example/'],
    ['url', `http://evil.example/${'x'.repeat(5_000)}`],
    ['sha256', 'a'.repeat(64)],
  ])('%s %j never reaches HAProxy', async (kind, value) => {
    expect((await apply(kind, value)).kind).toBe('refused');
    expect((await release(kind, value)).kind).toBe('refused');
    expect(await look(kind, value)).toEqual({ kind: 'absent' });
    expect(['ip', 'domain', 'url'].map(fileOf)).toEqual(['', '', '']);
  });

  describe('with a configuration that is wrong', () => {
    const wrong = async (own: object): Promise<Answer> => {
      await connector.close();
      connector = open(own);
      return apply('domain', 'evil.example');
    };
    test.each<[string, () => object, RegExp]>([
      ['a socket that is not there', () => ({ socket: '/no/such/socket' }), /There is no socket \/no\/such\/socket/],
      ['a file in place of the socket', () => ({ socket: path.join(product.folder, 'haproxy.cfg') }), /HAProxy|socket/],
      [
        'a map that HAProxy does not know',
        () => ({ domainMap: path.join(product.folder, 'strange.map') }),
        /HAProxy has no such map/,
      ],
    ])('%s: our own fault, in a sentence', async (_, own, words) => {
      expect(await wrong(own())).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(words) });
      expect(await connector.verify?.(aCall(effect('domain', 'evil.example')), calm())).toMatchObject({
        kind: 'unknown',
      });
    });

    test('a map file that is gone: said, and nothing is put in force that a reload would lose', async () => {
      const file = path.join(product.folder, 'domain.map');
      rmSync(file);
      expect(await apply('domain', 'evil.example')).toMatchObject({
        kind: 'unavailable',
        fault: 'ours',
        message: expect.stringContaining('is not there'),
      });
      expect(await product.status({ host: 'evil.example' })).toBe(200);
      writeFileSync(file, '');
      expect(await apply('domain', 'evil.example')).toEqual(DONE);
    });

    test.each([
      [{ domainMap: 'relative.map' }, 'an absolute path without blanks'],
      [{ domainMap: '/etc/a map' }, 'an absolute path without blanks'],
      [{ domainMap: '/etc/x;clear map' }, 'an absolute path without blanks'],
      [{ domainMap: '/x', urlMap: '/x', ipMap: '/y' }, 'Two maps are one file'],
    ])('%j is refused at the start', (own, words) => {
      expect(() => open(own)).toThrow(words);
    });
  });

  test('the least level of the socket is enough, and lets nobody do more', async () => {
    for (const command of [
      'disable frontend web',
      'clear counters all',
      'set maxconn global 5',
      'shutdown frontend web',
    ]) {
      expect(await product.admin(command)).toContain('Permission denied');
    }
    expect(await apply('domain', 'evil.example')).toEqual(DONE);
  });

  test('the socket and a folder are enough for a user who may nothing else', async () => {
    chmodSync(product.folder, 0o777);
    for (const name of ['real.sock', 'domain.map']) chmodSync(path.join(product.folder, name), 0o666);
    const script = `
      import { haproxy } from ${JSON.stringify(path.join(import.meta.dirname, 'connector.ts'))};
      const connector = haproxy.open({ name: 'front', own: { socket: '${product.folder}/real.sock', domainMap: '${product.folder}/domain.map' } }, {});
      const call = { tenantId: '${TENANT_A}', action: 'BlockDomain', target: { kind: 'domain', value: 'evil.example' }, operationId: 'x', attempt: 1, expirationDateTime: '', request: {} };
      console.log(process.getuid(), (await connector.apply(call, new AbortController().signal)).kind);`;
    const args = [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      '--inh-caps=-all',
      process.execPath,
      '--conditions=source',
      '--input-type=module',
      '-e',
      script,
    ];
    expect(execFileSync('setpriv', args, { encoding: 'utf8', cwd: '/' }).trim()).toBe('65534 done');
    expect(await product.status({ host: 'evil.example' })).toBe(403);
  });

  test('the product of the measurements blocks, loses and keeps what it is told to', async () => {
    const seen = await startSeenHaproxy();
    expect([await seen.isBlocked(0), await seen.isBlocked(1)]).toEqual([false, false]);
    await seen.putForeign(1);
    expect([await seen.isBlocked(0), await seen.isBlocked(1)]).toEqual([false, true]);
    await seen.lose(1);
    expect(await seen.isBlocked(1)).toBe(false);
    await seen.stop();
  });
});
