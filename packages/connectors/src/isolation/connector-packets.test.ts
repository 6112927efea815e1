import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Answer, Call, Connector, Presence } from '../connector.ts';
import { createNamespace, ip, type Namespace } from '../nftables/testing/namespaces.ts';
import { createNftDouble, type NftDouble } from '../nftables/testing/nft-double.ts';
import { NO_PORTS } from '../nftables/testing/nftables-under-test.ts';
import { aCall, inHours, TENANT_A } from '../testing.ts';
import { isolation } from './connector.ts';

const HOST = { v4: '192.0.2.10', v6: '2001:db8:9::10' };
const SERVER = '192.0.2.1';
const MANAGEMENT = '192.0.2.2';
const STRANGER = { v4: '192.0.2.3', v6: '2001:db8:9::3' };

const NAMES = [
  'host to stranger',
  'host to stranger over IPv6',
  'stranger to host',
  'stranger to host over IPv6',
  'stranger to a service of the host',
  "host to the server's channel",
  'host to another port of the server',
  'host to management',
  'management to host',
  'loopback',
];

const target = { kind: 'host' as const, value: 'web-1.corp.example' };
const effect = { tenantId: TENANT_A, action: 'IsolateHost', target };
const calm = (): AbortSignal => new AbortController().signal;

function address(namespace: string, addresses: readonly string[]): void {
  for (const each of addresses) {
    const isV6 = each.includes(':');
    ip('-n', namespace, 'addr', 'add', `${each}/${isV6 ? 64 : 24}`, 'dev', 'e0', ...(isV6 ? ['nodad'] : []));
  }
  ip('-n', namespace, 'link', 'set', 'e0', 'up');
}

/** One cable between both. */
function join(one: string, ofOne: readonly string[], other: string, ofOther: readonly string[]): void {
  ip('link', 'add', 'e0', 'netns', one, 'type', 'veth', 'peer', 'name', 'e0', 'netns', other);
  address(one, ofOne);
  address(other, ofOther);
}

/** Listens on a port of TCP in a namespace, on all addresses, and says back what it hears. */
const LISTEN = `require('net').createServer((s) => { s.on('error', () => {}); s.pipe(s); }).listen(+process.argv[1], '::', () => console.log('up'));`;

describe.skipIf(!requirement('nftables').ok)('an isolated host, seen by those around it', () => {
  let [host, net]: Namespace[] = [];
  let nft: NftDouble;
  let connector: Connector;
  const listeners: ChildProcess[] = [];

  const within = (namespace: Namespace | undefined, ...command: string[]): boolean => {
    const [enter = '', ...rest] = namespace?.enter ?? [];
    return spawnSync(enter, [...rest, ...command], { stdio: 'ignore' }).status === 0;
  };
  const pings = (from: Namespace | undefined, to: string, source?: string): boolean =>
    within(from, 'ping', '-c', '1', '-W', '1', ...(source ? ['-I', source] : []), to);
  const connects = (from: Namespace | undefined, to: string, port: number): boolean =>
    within(from, 'timeout', '1', 'bash', '-c', `echo >/dev/tcp/${to}/${port}`);

  /** What gets through, by name. */
  const seen = (): Record<string, boolean> => ({
    'host to stranger': pings(host, STRANGER.v4),
    'host to stranger over IPv6': pings(host, STRANGER.v6),
    'stranger to host': pings(net, HOST.v4, STRANGER.v4),
    'stranger to host over IPv6': pings(net, HOST.v6, STRANGER.v6),
    'stranger to a service of the host': connects(net, HOST.v4, 22),
    "host to the server's channel": connects(host, SERVER, 443),
    'host to another port of the server': connects(host, SERVER, 80),
    'host to management': pings(host, MANAGEMENT),
    'management to host': pings(net, HOST.v4, MANAGEMENT),
    loopback: pings(host, '127.0.0.1'),
  });
  const all = (value: boolean): Record<string, boolean> => Object.fromEntries(NAMES.map((name) => [name, value]));
  const cut = (): Record<string, boolean> => ({
    ...all(false),
    "host to the server's channel": true,
    'host to management': true,
    'management to host': true,
    loopback: true,
  });

  const open = (own: object = {}): Connector =>
    isolation.open(
      {
        name: 'web-1',
        own: { host: 'WEB-1.corp.example', server: [`${SERVER}:443`], allow: [MANAGEMENT], nft: nft.nft, ...own },
      },
      NO_PORTS,
    );
  const apply = (call: Partial<Call> = {}): Promise<Answer> => connector.apply(aCall(effect, call), calm());
  const release = (): Promise<Answer> => connector.release(aCall(effect), calm());
  const look = async (): Promise<Presence | undefined> => connector.verify?.(aCall(effect), calm());
  const administrator = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await nft.run(...args);
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  };

  async function listen(namespace: Namespace | undefined, port: number): Promise<void> {
    const [enter = '', ...rest] = namespace?.enter ?? [];
    const child = spawn(enter, [...rest, process.execPath, '-e', LISTEN, String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    listeners.push(child);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
  }

  beforeAll(async () => {
    [host, net] = [createNamespace('isolated'), createNamespace('around')];
    join(host.name, [HOST.v4, HOST.v6], net.name, [SERVER, MANAGEMENT, STRANGER.v4, STRANGER.v6]);
    await listen(net, 443);
    await listen(net, 80);
    await listen(host, 22);
    await vi.waitFor(() => expect(seen()).toEqual(all(true)), { timeout: 20_000, interval: 100 });
  });
  afterAll(() => {
    for (const child of listeners) child.kill('SIGKILL');
    host?.remove();
    net?.remove();
  });
  beforeEach(async () => {
    nft = await createNftDouble([...(host?.enter ?? []), 'nft']);
    connector = open();
  });
  afterEach(async () => {
    await connector.close();
    await administrator('flush', 'ruleset');
    nft.remove();
  });

  test('reaches the server and what is allowed, and nobody else reaches it; released, all is as before', async () => {
    expect(seen()).toEqual(all(true));
    expect(await look()).toEqual({ kind: 'absent' });
    expect(await apply()).toEqual({ kind: 'done', level: 'reported' });
    expect(seen()).toEqual(cut());
    expect(await look()).toEqual({ kind: 'present', foreign: false });
    expect(await connector.list?.(TENANT_A, calm())).toEqual([{ action: 'IsolateHost', target, foreign: false }]);
    expect(await apply()).toMatchObject({ kind: 'done' });
    expect(await release()).toMatchObject({ kind: 'done' });
    expect(seen()).toEqual(all(true));
    expect(await look()).toEqual({ kind: 'absent' });
    expect(await release()).toMatchObject({ kind: 'done' });
  }, 60_000);

  test('is free again by itself when the server stays silent', async () => {
    await connector.close();
    connector = open({ grace: 'PT2S' });
    expect(await apply({ expirationDateTime: new Date().toISOString() })).toMatchObject({ kind: 'done' });
    expect(pings(host, STRANGER.v4)).toBe(false);
    await vi.waitFor(() => expect(pings(host, STRANGER.v4)).toBe(true), { timeout: 8_000, interval: 200 });
    expect(await look()).toEqual({ kind: 'absent' });
  });

  test('a later end is told to the kernel', async () => {
    const left = async (): Promise<number> =>
      Number(
        /expires (\d+)d?/.exec(await administrator('list', 'set', 'inet', 'interdict_isolation', 'isolated'))?.[1],
      );
    await apply({ expirationDateTime: inHours(30) });
    const before = await left();
    await apply({ expirationDateTime: inHours(80) });
    expect(await left()).toBeGreaterThan(before);
  });

  test.each([
    ['a rule before ours that lets all pass', 'insert rule inet interdict_isolation on_output accept'],
    ['a chain without its rules', 'flush chain inet interdict_isolation on_output'],
    ['one version of IP', 'delete element inet interdict_isolation isolated { ip6 }'],
    ['more that is allowed', `add element inet interdict_isolation allow4 { ${STRANGER.v4} }`],
    ['all of it', 'delete table inet interdict_isolation'],
  ])('%s is seen not to be an isolation, and put right by the next apply', async (_, command) => {
    await apply();
    await administrator(command);
    expect(await look()).toEqual({ kind: 'absent' });
    expect(await apply()).toMatchObject({ kind: 'done' });
    expect(await look()).toEqual({ kind: 'present', foreign: false });
    expect([pings(host, STRANGER.v4), pings(host, STRANGER.v6)]).toEqual([false, false]);
  });

  test("an administrator's own isolation is seen, and stays", async () => {
    await apply();
    await release();
    await administrator(
      'add element inet interdict_isolation isolated { ip timeout 1h comment "by hand", ip6 timeout 1h }',
    );
    expect(await look()).toEqual({ kind: 'present', foreign: true });
    expect(await release()).toMatchObject({ kind: 'done' });
    expect(pings(host, STRANGER.v4)).toBe(false);
  });

  test.each(['db-1.corp.example', 'web-1', 'web-1.corp.example; flush ruleset', 'web-1.corp.example\n', '*'])(
    'no other host is isolated here: %j',
    async (value) => {
      const call = aCall({ ...effect, target: { kind: 'host', value } });
      const before = nft.runs();
      expect(await connector.apply(call, calm())).toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('This is the host'),
      });
      // It may be isolated by an agent of its own: this one cannot say that it is free.
      expect(await connector.release(call, calm())).toMatchObject({ kind: 'unavailable', fault: 'ours' });
      expect(nft.runs()).toBe(before);
    },
  );

  test.each([
    ['down', 'unavailable'],
    ['nonsense', 'unknown'],
    ['hang', 'unknown'],
    ['lostAnswer', 'unknown'],
  ] as const)('an nft that is %s: %s, and no look', async (fault, kind) => {
    await apply();
    await nft.setFault(fault);
    const patient = (): AbortSignal => AbortSignal.timeout(500);
    const answers = [
      await connector.apply(aCall(effect), patient()),
      await connector.release(aCall(effect), patient()),
    ];
    if (fault === 'nonsense' || fault === 'lostAnswer')
      expect(answers.map((each) => each.kind)).not.toContain('refused');
    else expect(answers[0]?.kind).toBe(kind);
    expect((await connector.verify?.(aCall(effect), patient()))?.kind).toBe('unknown');
    await expect(connector.list?.(TENANT_A, patient())).rejects.toThrow();
    await nft.setFault(undefined);
  });

  test.each([
    [{ server: ['interdict.example:443'] }, 'an address with a port is wanted'],
    [{ server: ['192.0.2.1'] }, 'an address with a port is wanted'],
    [{ server: ['192.0.2.1:0'] }, 'an address with a port is wanted'],
    [{ server: ['192.0.2.1:443; flush ruleset'] }, 'an address with a port is wanted'],
    [{ allow: ['management'] }, 'an address or a network without host bits is wanted'],
    [{ allow: ['192.0.2.1/24'] }, 'an address or a network without host bits is wanted'],
    [{ grace: 'PT0S' }, 'grace is under 1 s'],
    [{ allow: ['10.20.0.0/24', '10.20.0.7'] }, 'one lies in the other'],
    [{ allow: ['10.20.0.7', '10.20.0.7'] }, 'one lies in the other'],
    [{ nft: './nft' }, 'an absolute path or a plain name is wanted'],
  ])('a configuration that cannot be right is refused: %j', (own, words) => {
    expect(() => open(own)).toThrow(words);
  });

  test('without the right to, it says what is missing', async () => {
    const unable = open({ nft: '/no/such/nft' });
    expect(await unable.apply(aCall(effect), calm())).toMatchObject({
      kind: 'unavailable',
      fault: 'ours',
      message: expect.stringContaining('install the package nftables'),
    });
  });
});
