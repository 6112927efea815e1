import { targetFromText } from '@interdict/contract';
import fc from 'fast-check';
import { getPublicSuffix } from 'tldts';
import { describe, expect, it } from 'vitest';
import { findPrefix, type IpPrefix, toPrefix } from '../targets/ip-prefix.ts';
import { prefixText } from '../targets/ip-text.ts';
import { createProtectedTargets, type ProtectionSources } from './protected-targets.ts';
import { findPublicSuffixHit } from './public-suffix.ts';

const NOTHING: ProtectionSources = { configured: [], discovered: { addresses: [], domains: [] } };

const protect = (sources: Partial<ProtectionSources>) => createProtectedTargets({ ...NOTHING, ...sources });

const verdict = (sources: Partial<ProtectionSources>, text: string, tenantId = 't') =>
  protect(sources).refusalFor(tenantId, targetFromText(text));

const OWN: Partial<ProtectionSources> = {
  discovered: {
    addresses: [
      { value: '203.0.113.7', role: 'an address of this server' },
      { value: '::ffff:203.0.113.53', role: 'a DNS server of this server' },
      { value: 'fd00::53', role: 'a DNS server of this server' },
    ],
    domains: [
      { value: 'login.microsoftonline.com', role: 'the host of an issuer' },
      { value: '198.51.100.5', role: 'the host of the database' },
      { value: 'app', role: 'the host of a provider' },
      { value: 'my_db', role: 'the host of the database' },
    ],
    hosts: [{ value: 'interdict-1.corp.example', role: 'the name of this server' }],
  },
};

describe('createProtectedTargets', () => {
  it.each([
    ['ip:203.0.113.7', '203.0.113.7 is an address of this server'],
    ['ip:203.0.113.53', '203.0.113.53 is a DNS server of this server'],
    ['cidr:203.0.113.0/29', '203.0.113.0/29 covers 203.0.113.7, an address of this server'],
    ['ip:fd00::53', 'fd00::53 is a DNS server of this server'],
    ['ip:64:ff9b::cb00:7107', '64:ff9b::cb00:7107 stands for 203.0.113.7 (NAT64), and 203.0.113.7 is an address'],
    ['ip:198.51.100.5', 'the host of the database'],
    ['url:https://203.0.113.7:8443/x', '203.0.113.7 is an address of this server'],
    ['domain:login.microsoftonline.com', 'login.microsoftonline.com is the host of an issuer'],
    ['domain:microsoftonline.com', 'microsoftonline.com is a parent of login.microsoftonline.com'],
    ['domain:a.login.microsoftonline.com', 'lies below login.microsoftonline.com, the host of an issuer'],
    ['url:https://login.microsoftonline.com/x', 'login.microsoftonline.com is the host of an issuer'],
    ['host:login.microsoftonline.com', 'the host of an issuer'],
    ['host:interdict-1', 'interdict-1 may be interdict-1.corp.example, the name of this server'],
    ['host:203.0.113.7', 'an address of this server'],
    ['host:app', 'the host of a provider'],
    ['domain:corp.example', 'corp.example is a parent of interdict-1.corp.example'],
  ])('does not let the server cut itself off: %s', (text, words) => {
    const refusal = verdict(OWN, text);
    expect(refusal?.rule).toBe('ownSystem');
    expect(refusal?.message).toContain(words);
    expect(refusal?.message).toMatch(/^This target is protected \(rule ownSystem\): .*\.$/);
  });

  it.each([
    'domain:evil.app',
    'host:login',
    'ip:203.0.113.8',
    'cidr:203.0.113.8/29',
    'host:interdict-1.other.example',
    'domain:evilmicrosoftonline.com',
    'domain:www.microsoftonline.com',
  ])('protects nothing beyond what the server needs: %s', (text) => {
    expect(verdict(OWN, text)).toBeUndefined();
  });

  it.each([
    ['ip:127.0.0.1', 'loopback'],
    ['cidr:127.0.0.0/8', 'tooWide'],
    ['cidr:127.0.0.0/16', 'loopback'],
    ['cidr:126.0.0.0/7', 'tooWide'],
    ['ip:::1', 'loopback'],
    ['cidr:::/127', 'loopback'],
    ['ip:0.1.2.3', 'unspecified'],
    ['ip:::', 'unspecified'],
    ['ip:169.254.169.254', 'linkLocal'],
    ['ip:febf::1', 'linkLocal'],
    ['ip:224.0.0.1', 'multicast'],
    ['ip:ff02::1', 'multicast'],
    ['ip:255.255.255.255', 'broadcast'],
    ['cidr:255.255.0.0/16', 'broadcast'],
    ['cidr:10.0.0.0/15', 'tooWide'],
    ['cidr:2001:db8::/31', 'tooWide'],
    ['cidr:::/0', 'tooWide'],
    ['cidr:0.0.0.0/0', 'tooWide'],
    ['domain:x.localhost', 'localhost'],
    ['url:http://a.localhost/', 'localhost'],
    ['url:http://127.0.0.1/', 'loopback'],
    ['url:http://[::1]/', 'loopback'],
    ['host:localhost', 'localhost'],
    ['host:127.0.0.1', 'loopback'],
    ['sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'emptyFile'],
    ['sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709', 'emptyFile'],
    ['md5:d41d8cd98f00b204e9800998ecf8427e', 'emptyFile'],
  ])('protects %s without any configuration, by rule %s', (text, rule) => {
    expect(verdict({}, text)?.rule).toBe(rule);
  });

  it.each([
    'ip:10.0.0.1',
    'ip:192.168.0.1',
    'ip:172.16.0.1',
    'ip:100.64.0.1',
    'ip:fd00::1',
    'ip:2001:db8::1',
    'ip:198.51.100.1',
    'ip:240.0.0.1',
    'cidr:10.0.0.0/16',
    'cidr:2001:db8::/32',
    'domain:evil.example',
    'ip:::cb00:7109',
    'ip:64:ff9b:1:cb00:71:900::',
    'ip:64:ff9b:1::cb00:0',
    'ip:64:ff9b:1:7f00:1:0:cb00:7109',
  ])('leaves %s to the operator', (text) => {
    expect(verdict({}, text)).toBeUndefined();
  });

  it('agrees with a plain comparison of all ends, for any networks', () => {
    const start = fc.nat(0xffff).map((bits) => 0x0a00_0000n + BigInt(bits) * 16n);
    const network = fc
      .tuple(start, fc.integer({ min: 16, max: 32 }))
      .map(([first, length]) => toPrefix(4, first, length));
    const overlaps = (a: IpPrefix, b: IpPrefix): boolean => a.first <= b.last && b.first <= a.last;
    fc.assert(
      fc.property(
        fc.array(network, { maxLength: 12 }),
        fc.array(network, { minLength: 20, maxLength: 20 }),
        (networks, asked) => {
          const protection = protect({ configured: [{ ips: networks.map(prefixText) }] });
          for (const prefix of asked) {
            const kind = prefix.length === 32 ? 'ip' : 'cidr';
            const isProtected = protection.refusalFor('t', { kind, value: prefixText(prefix) }) !== undefined;
            expect(isProtected).toBe(networks.some((each) => overlaps(each, prefix)));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('agrees with a plain comparison of endings, for any domains', () => {
    const name = fc
      .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
      .map((labels) => `${labels.join('.')}.zz-test`);
    const lies = (inner: string, outer: string): boolean => inner === outer || inner.endsWith(`.${outer}`);
    fc.assert(
      fc.property(fc.array(name, { maxLength: 4 }), name, (domains, asked) => {
        const isProtected = verdict({ configured: [{ domains }] }, `domain:${asked}`) !== undefined;
        expect(isProtected).toBe(domains.some((each) => lies(each, asked) || lies(asked, each)));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['breakglass', 'breakglass@corp.example', true],
    ['breakglass', 'corp\\breakglass', true],
    ['breakglass@corp.example', 'breakglass', true],
    ['breakglass@corp.example', 'corp\\breakglass', true],
    ['CORP\\breakglass', 'breakglass@corp.example', true],
    ['BreakGlass@Corp.example', 'breakglass@corp.example', true],
    ['breakglass@corp.example', 'breakglass@other.example', false],
    ['corp\\breakglass', 'other\\breakglass', false],
    ['breakglass', 'breakglass2', false],
  ])('where the user %s is protected, %s is: %s', (configured, asked, expected) => {
    expect(verdict({ configured: [{ users: [configured] }] }, `user:${asked}`) !== undefined).toBe(expected);
  });

  it.each([
    ['dc1', 'dc1.corp.example', true],
    ['dc1.corp.example', 'dc1', true],
    ['dc1.corp.example', 'dc1.corp.example', true],
    ['dc1.corp.example', 'dc1.other.example', false],
    ['10.0.0.1', '10.0.0.2', false],
    ['10.0.0.1', '10.0.0.1', true],
  ])('where the host %s is protected, %s is: %s', (configured, asked, expected) => {
    expect(verdict({ configured: [{ hosts: [configured] }] }, `host:${asked}`) !== undefined).toBe(expected);
  });

  it('does not protect the hosts in a configured domain, and does protect a host at a configured address', () => {
    const configured = [{ domains: ['corp.example'], ips: ['10.0.0.0/8'] }];
    expect(verdict({ configured }, 'host:laptop-17.corp.example')).toBeUndefined();
    expect(verdict({ configured }, 'host:corp.example')?.rule).toBe('configured');
    expect(verdict({ configured }, 'host:10.1.2.3')?.rule).toBe('configured');
  });

  it('binds an entry to the tenants it names, in any letter case, and one without tenants to all', () => {
    const configured = [{ ips: ['10.0.0.0/8'], tenants: ['AAAA', 'bbbb'] }, { domains: ['corp.example'] }];
    const hits = ['aaaa', 'BBBB', 'cccc'].map((tenant) => [
      verdict({ configured }, 'ip:10.1.2.3', tenant)?.rule,
      verdict({ configured }, 'domain:corp.example', tenant)?.rule,
    ]);
    expect(hits).toEqual([
      ['configured', 'configured'],
      ['configured', 'configured'],
      [undefined, 'configured'],
    ]);
  });

  it('lets a single label be configured, and then protects all below it', () => {
    expect(verdict({ configured: [{ domains: ['corp'] }] }, 'domain:vpn.corp')?.rule).toBe('configured');
  });

  it.each([
    [{ ips: ['10.0.0.0/8', '10.1.2.3/8'] }, 'protected/1/ips/1'],
    [{ domains: ['*.corp.example'] }, 'protected/1/domains/0'],
    [{ hashes: ['abc'] }, 'protected/1/hashes/0'],
    [{ users: ['a', ''] }, 'protected/1/users/1'],
  ])('refuses a configuration that holds no target: %j', (entry, target) => {
    expect(() => protect({ configured: [{}, entry] })).toThrow(
      expect.objectContaining({ inner: 'invalidParameter', target }),
    );
  });

  const digest = (sources: Partial<ProtectionSources>): string => protect(sources).digest;
  const before = { configured: [{ ips: ['10.0.0.0/8'], domains: ['corp.example'], users: ['a', 'b'] }] };

  it.each<[string, Partial<ProtectionSources>]>([
    ['order', { configured: [{ users: ['b', 'a'], domains: ['corp.example'], ips: ['10.0.0.0/8'] }] }],
    ['spelling', { configured: [{ ips: ['::ffff:10.0.0.0/104'], domains: ['CORP.example.'], users: ['A', 'b'] }] }],
    ['repeats', { configured: [...before.configured, ...before.configured] }],
    [
      'entries inside others',
      { configured: [...before.configured, { ips: ['10.1.0.0/16', '127.0.0.1'], domains: ['vpn.corp.example'] }] },
    ],
    [
      'an own address inside another entry',
      { ...before, discovered: { addresses: [{ value: '127.0.0.1', role: 'x' }], domains: [] } },
    ],
  ])('keeps its digest whatever the %s', (_what, after) => {
    expect(digest(after)).toBe(digest(before));
  });

  it.each<[string, Partial<ProtectionSources>]>([
    ['an address', { configured: [...before.configured, { ips: ['192.0.2.1'] }] }],
    ['a wider network', { configured: [...before.configured, { ips: ['10.0.0.0/7'] }] }],
    ['a domain', { configured: [...before.configured, { domains: ['x.example'] }] }],
    ['a user', { configured: [...before.configured, { users: ['c'] }] }],
    ['a host', { configured: [...before.configured, { hosts: ['c'] }] }],
    ['a hash', { configured: [...before.configured, { hashes: ['a'.repeat(32)] }] }],
    ['an own address', { ...before, discovered: { addresses: [{ value: '192.0.2.1', role: 'x' }], domains: [] } }],
    ['one for a tenant', { configured: [...before.configured, { ips: ['192.0.2.1'], tenants: ['t'] }] }],
    ['nothing but less', {}],
  ])('changes its digest for %s', (_what, after) => {
    expect(digest(after)).not.toBe(digest(before));
  });

  it('tells tenants apart in its digest', () => {
    const bound = (tenant: string) => ({ configured: [{ ips: ['192.0.2.1'], tenants: [tenant] }] });
    expect(digest(bound('a'))).not.toBe(digest(bound('b')));
    expect(digest(bound('A'))).toBe(digest(bound('a')));
  });

  // 5 µs are the goal, and met where the bench's figures were taken; machines of CI have been three times slower.
  it('answers within 15 µs on any machine with 1,000 entries of each kind', () => {
    const many = <T>(make: (index: number) => T): T[] => Array.from({ length: 1_000 }, (_, index) => make(index));
    const protection = protect({
      configured: [
        {
          ips: [
            ...many((index) => `10.${index >> 8}.${index & 255}.0/25`),
            ...many((index) => `2001:db8:${index.toString(16)}::/48`),
          ],
          domains: many((index) => `d${index}.corp.example`),
          users: many((index) => `admin@d${index}.example`),
          hosts: many((index) => `dc.d${index}.example`),
        },
      ],
    });
    const texts = [
      'ip:203.0.113.9',
      'ip:10.1.2.200',
      'ip:2001:db9::1',
      'ip:64:ff9b:1::cb00:7109',
      'domain:a.b.evil.co.uk',
      'url:https://evil.example/x',
      'user:admin@evil.example',
      'host:dc.evil.example',
    ];
    for (const target of texts.map(targetFromText)) {
      const run = (): number => {
        const start = performance.now();
        for (let times = 0; times < 500; times += 1) protection.refusalFor('t', target);
        return ((performance.now() - start) * 1_000) / 500;
      };
      let bestUs = run();
      for (let round = 0; round < 400 && bestUs > 15; round += 1) bestUs = Math.min(bestUs, run());
      expect({ target, bestUs, isFast: bestUs <= 15 }).toMatchObject({ isFast: true });
    }
  });
});

describe('findPublicSuffixHit', () => {
  it.each([
    'co.uk',
    'github.io',
    'x.kawasaki.jp',
    'kawasaki.jp',
    'amazonaws.com',
    'nordland.no',
    'windows.net',
    's3.amazonaws.com',
    'xn--mre-og-romsdal-qqb.no',
  ])('knows %s', (name) => {
    expect(findPublicSuffixHit(name)?.rule).toBe('publicSuffix');
  });

  it.each([
    'bbc.co.uk',
    'evil.github.io',
    'city.kawasaki.jp',
    'a.x.kawasaki.jp',
    'www.ck',
    'microsoft.com',
    'google.com',
    'evil.example',
    'bucket.s3.amazonaws.com',
  ])('leaves %s', (name) => {
    expect(findPublicSuffixHit(name)).toBeUndefined();
  });

  it('names with every parent a suffix below it', () => {
    const { how = '' } = findPublicSuffixHit('amazonaws.com') ?? {};
    const suffix = / suffix (\S+),/.exec(how)?.[1] ?? '';
    expect(suffix.endsWith('.amazonaws.com')).toBe(true);
    expect(getPublicSuffix(suffix, { allowPrivateDomains: true })).toBe(suffix);
  });
});

it('reads prefixes that no target holds as nothing', () => {
  expect(['10.0.0.0/', '10.0.0.0/33', '10.0.0.0/1.5', '10.0.0.0/-1', 'x/8', '::/129'].map(findPrefix)).toEqual(
    Array(6).fill(undefined),
  );
});
