import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseIpv4Gateways, parseIpv6Gateways, parseResolvers, readOwnSystem, resolveHosts } from './own-addresses.ts';

const ROUTES = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
`;
const IPV6_ROUTES = `fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;
const RESOLVERS =
  '# made by hand\nsearch corp.example\nnameserver 192.0.2.53\n  nameserver\tfe80::53%eth0 \noptions ndots:5\nnameserver\n';

describe('what the system says', () => {
  it('gives the gateways of default routes', () => {
    expect(parseIpv4Gateways(ROUTES, 'LE')).toEqual(['192.168.2.1']);
    expect(parseIpv4Gateways(ROUTES.replace('0102A8C0', 'C0A80201'), 'BE')).toEqual(['192.168.2.1']);
    expect(parseIpv6Gateways(IPV6_ROUTES)).toEqual(['fd00:0000:0000:0000:0000:0000:0000:0001']);
  });

  it('gives the name servers, without zones', () => {
    expect(parseResolvers(RESOLVERS)).toEqual(['192.0.2.53', 'fe80::53']);
  });

  it('gives nothing for text of any other form', () => {
    for (const text of ['', '\0', 'nameserver', 'x 00000000 zzzzzzzz', '0 0 0 0 0']) {
      expect([...parseResolvers(text), ...parseIpv4Gateways(text), ...parseIpv6Gateways(text)]).toEqual([]);
    }
  });
});

describe('readOwnSystem', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'own-addresses-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('knows addresses, name servers, gateways and the name of this machine', async () => {
    const files = {
      resolvers: [path.join(folder, 'resolv.conf')],
      ipv4Routes: path.join(folder, 'route'),
      ipv6Routes: path.join(folder, 'none'),
    };
    await writeFile(files.resolvers[0] ?? '', RESOLVERS);
    await writeFile(files.ipv4Routes, ROUTES.replace('0102A8C0', '01010101'));
    const { addresses, hosts } = await readOwnSystem(files);
    expect(addresses).toContainEqual({ value: '127.0.0.1', role: 'an address of this server' });
    expect(addresses).toContainEqual({ value: '192.0.2.53', role: 'a DNS server of this server' });
    expect(addresses).toContainEqual({ value: '1.1.1.1', role: 'a default gateway of this server' });
    expect(hosts).toEqual([{ value: hostname(), role: 'the name of this server' }]);
  });

  it('does with this machine as it is', async () => {
    expect((await readOwnSystem()).addresses.length).toBeGreaterThan(0);
  });
});

describe('resolveHosts', () => {
  const asIssuer = (...names: string[]) => names.map((value) => ({ value, role: 'the host of an issuer' }));

  it('asks the system, and lets addresses stand for themselves', async () => {
    const { addresses, unresolved } = await resolveHosts(asIssuer('localhost', '192.0.2.1', 'no-such-name.invalid'), {
      timeoutMs: 5_000,
    });
    expect(addresses.map(({ value }) => value)).toContain('192.0.2.1');
    expect(addresses.some(({ value }) => value === '127.0.0.1' || value === '::1')).toBe(true);
    expect(addresses.every(({ role }) => role === 'the host of an issuer')).toBe(true);
    expect(unresolved).toEqual(['no-such-name.invalid']);
  });

  it('ends in time with what it has when a resolver never answers', async () => {
    const look = (name: string): Promise<string[]> =>
      name === 'good.example' ? Promise.resolve(['192.0.2.9']) : new Promise(() => {});
    const start = performance.now();
    const found = await resolveHosts(
      asIssuer('good.example', 'slow-1.example', 'slow-2.example', 'never-asked.example'),
      { timeoutMs: 50, look },
    );
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(found.addresses.map(({ value }) => value)).toEqual(['192.0.2.9']);
    expect(found.unresolved).toEqual(['slow-1.example', 'slow-2.example', 'never-asked.example']);
  });

  it('never has more than two questions open', async () => {
    let open = 0;
    let most = 0;
    const look = async (): Promise<string[]> => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return ['192.0.2.9'];
    };
    await resolveHosts(asIssuer(...'abcdefgh'), { timeoutMs: 5_000, look });
    expect(most).toBe(2);
  });
});
