import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const TENANT = '11111111-1111-1111-1111-111111111111';
const ISSUER = `
issuers:
  - { issuer: https://issuer.example, audience: [api://interdict], tenant: ${TENANT} }`;

let folder: string;
const before = { ...process.env };

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-config-'));
  for (const name of Object.keys(process.env)) if (name.startsWith('INTERDICT_')) delete process.env[name];
});
afterEach(() => {
  process.env = { ...before };
  rmSync(folder, { recursive: true });
});

function read(text: string, variables: Readonly<Record<string, string>> = {}): ReturnType<typeof readConfig> {
  const file = path.join(folder, 'interdict.yaml');
  writeFileSync(file, text);
  Object.assign(process.env, { INTERDICT_CONFIG: file, ...variables });
  return readConfig();
}

function faultOf(text: string, variables: Readonly<Record<string, string>> = {}): string {
  try {
    read(text, variables);
  } catch (error) {
    expect((error as Error).name).toBe('FileFault');
    return (error as Error).message.replaceAll(folder, '…');
  }
  throw new Error(`This was taken:\n${text}`);
}

describe('without a file', () => {
  it('there are a blocklist and a simulator, on loopback, with the local issuer', () => {
    expect(readConfig()).toMatchObject({
      httpPort: 8080,
      tlsPort: 8443,
      metricsPort: undefined,
      databaseUrl: undefined,
      httpAddress: '127.0.0.1',
      tlsAddress: '127.0.0.1',
      isLocal: true,
      providers: [
        { name: 'blocklist', deadlineMs: 86_400_000, maxTtlMs: 365 * 86_400_000, verifyEveryMs: 30_000 },
        { name: 'simulator' },
      ],
    });
  });

  it.each(['80800', '-1', 'http', '0x50', ' '])('a port of "%s" is refused', (port) => {
    process.env.INTERDICT_PORT = port;
    expect(() => readConfig()).toThrow(`INTERDICT_PORT is "${port}"; a port is a number from 0`);
  });

  it.each(['mysql://root:hunter2@db/x', 'db.example hunter2'])('an address of no PostgreSQL is not repeated', (url) => {
    process.env.INTERDICT_DATABASE_URL = url;
    expect(() => readConfig()).toThrow(/^INTERDICT_DATABASE_URL is no URL of the form/);
    expect(() => readConfig()).not.toThrow(/hunter2/);
  });
});

describe('with an issuer', () => {
  it('https is for all addresses, http for loopback, and there are exactly the providers of the file', () => {
    const config = read(`${ISSUER}\nproviders: [{ name: edge, connector: blocklist }]`);
    expect(config).toMatchObject({ isLocal: false, tlsAddress: '::', httpAddress: '127.0.0.1' });
    expect(config.providers.map(({ name }) => name)).toEqual(['edge']);
  });

  it('a simulator must be meant', () => {
    const provider = 'providers:\n  - name: lab\n    connector: simulator';
    expect(faultOf(`${ISSUER}\n${provider}`)).toBe(
      '….interdict.yaml:6: A simulator enforces nothing. Beside a configured issuer it needs "simulated: true".'.replace(
        '….',
        '…/',
      ),
    );
    expect(read(`${ISSUER}\n${provider}\n    simulated: true`).providers).toHaveLength(1);
    expect(read(provider).providers, 'the local issuer does not mind').toHaveLength(1);
  });

  it('the built-in simulator is there only with the local issuer', () => {
    expect(read(ISSUER).providers.map(({ name }) => name)).toEqual(['blocklist']);
  });
});

it('nftables providers may have tables of their own, or programs that lead to other namespaces', () => {
  const text = `providers:
  - { name: a, connector: nftables }
  - { name: b, connector: nftables, table: other }
  - { name: c, connector: nftables, nft: /usr/local/bin/nft-in-another-namespace }`;
  expect(read(text).providers.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

describe('a file is refused with its line, and says what would be right', () => {
  it.each<[string, string, RegExp]>([
    ['no YAML', 'providers: [', /^…\/interdict\.yaml:1: /],
    ['a key twice', 'server: {}\nserver: {}', /^…\/interdict\.yaml:2: /],
    ['a list', '- providers', /^…\/interdict\.yaml:1: the file must be object\./],
    [
      'an unknown key',
      'server: {}\nprovider: []',
      /yaml:2: "provider" is no setting of the file\. Did you mean "provid/,
    ],
    [
      'an unknown key within',
      'server:\n  adress: "::"',
      /yaml:2: "adress" is no setting of server\. Did you mean "address"/,
    ],
    [
      'an unknown key of a provider',
      'providers:\n  - name: edge\n    connector: blocklist\n    alias: [x]',
      /yaml:4: "alias"/,
    ],
    [
      'another connector’s key',
      'providers:\n  - name: edge\n    connector: blocklist\n    url: x',
      /yaml:4: "url" is no/,
    ],
    ['a wrong type', 'server:\n  address: 7', /yaml:2: server\.address must be string/],
    ['no connector', 'providers:\n  - name: edge', /yaml:2: providers\.0 needs "connector"/],
    ['an unknown connector', 'providers:\n  - name: x\n    connector: nftable', /yaml:3: .*Did you mean "nftables"/],
    ['a strange connector', 'providers:\n  - name: x\n    connector: quux', /yaml:3: .*There are: agent, blocklist, /],
    [
      'a wrong duration',
      'providers:\n  - name: x\n    connector: blocklist\n    deadline: 1d',
      /yaml:4: providers\.0\.dead/,
    ],
    [
      'two of one name',
      'providers:\n  - { name: Edge, connector: blocklist }\n  - { name: x, aliases: [edge], connector: blocklist }',
      /yaml:3: "x" and "Edge" share a name or alias/,
    ],
    [
      'two of one nftables table',
      'providers:\n  - { name: a, connector: nftables, nft: /bin/sh }\n  - { name: b, connector: nftables, nft: sh, table: interdict }',
      /yaml:3: "b" and "a" share the table "interdict" of \/.+: each would take back what the other holds/,
    ],
    ['a public URL with a path', 'server:\n  publicUrl: https://a.example/x', /yaml:2: publicUrl is an origin/],
    ['http in the clear', 'server:\n  http:\n    address: 0.0.0.0', /yaml:3: http carries tokens in the clear/],
    ['policies', 'server: {}\npolicies: [a.cedar]', /yaml:2: Policies are not in this version\. Take "policies" out/],
    ['budgets', 'budgets: {}', /yaml:1: Budgets are not in this version/],
    [
      'a receiver that is none',
      'notifications:\n  allow: [10.0.0.0/33]',
      /yaml:2: "10\.0\.0\.0\/33" is neither a host name/,
    ],
    ['a receiver as a URL', 'notifications: { allow: ["https://a.example"] }', /yaml:1: .* is neither a host name/],
    [
      'an authority that is not there',
      'notifications:\n  ca: none.pem',
      /yaml:2: .*none\.pem cannot be read as a certif/,
    ],
    ['an unknown key of notifications', 'notifications:\n  alow: []', /yaml:2: .*Did you mean "allow"/],
    [
      'an origin with a path',
      'server:\n  cors:\n    origins: [https://a.example/]',
      /yaml:3: "https:\/\/a\.example\/" is no origin/,
    ],
    ['any origin', 'server:\n  cors:\n    origins: ["*"]', /yaml:3: "\*" is no origin/],
    ['the origin of no page', 'server:\n  cors:\n    origins: ["null"]', /yaml:3: "null" is no origin/],
    [
      'a limit of a product of nothing',
      'providers:\n  - { name: x, connector: blocklist, limits: { perHour: 0 } }',
      /perHour/,
    ],
    ['a limit of nothing', 'limits:\n  requestsPerMinute: { post: 0 }', /yaml:2: limits\.requestsPerMinute\.post/],
    ['a limit of what has none', 'limits:\n  requestsPerMinute: { delete: 5 }', /yaml:2: .*"delete"/],
    ['a protected target that is none', 'protected:\n  - ips: [10.0.0.0/33]', /yaml:2: .*10\.0\.0\.0\/33/],
    ['an issuer without audience', 'issuers:\n  - issuer: https://a.example', /yaml:2: issuers\.0 needs "audience"/],
    ['an issuer without tenant', 'issuers:\n  - issuer: https://a.example\n    audience: [x]', /yaml:2: .*tenant/],
    [
      'a feed key for no list',
      `feedKeys:\n  - { name: f, tenant: ${TENANT}, providers: [simulator], key: { env: FEED_KEY } }`,
      /yaml:2: Provider "simulator" serves no lists/,
    ],
    [
      'a feed key for nothing',
      `feedKeys:\n  - { name: f, tenant: ${TENANT}, providers: [x], key: { env: FEED_KEY } }`,
      /yaml:2: There is no provider "x"/,
    ],
  ])('%s', (_title, text, expected) => {
    expect(faultOf(text, { FEED_KEY: 'feed-key-of-32-characters-or-more' })).toMatch(expected);
  });
});

describe('secrets', () => {
  const edge = (secret: string): string =>
    `providers:\n  - name: edge\n    connector: webhook\n    url: https://soar.example/x\n    secret: ${secret}`;

  it('come from a variable or a file, and never show', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    writeFileSync(path.join(folder, 'edge-secret'), `${secret}\n`);
    for (const config of [
      read(edge('{ env: EDGE_SECRET }'), { EDGE_SECRET: secret }),
      read(edge('{ file: edge-secret }')),
    ]) {
      const held = config.providers[0]?.settings.own.secret as { reveal(): string };
      expect(held.reveal()).toBe(secret);
      expect(JSON.stringify(config.providers)).not.toContain(secret.slice(6));
    }
  });

  it.each<[string, RegExp]>([
    ['{ env: NOT_SET }', /yaml:5: The variable NOT_SET is not set/],
    ['{ env: EMPTY }', /yaml:5: The variable EMPTY is not set, or/],
    ['{ file: nowhere }', /yaml:5: The secret's file …\/nowhere cannot be read/],
    ['whsec_in_the_clear', /yaml:5: providers\.0\.secret must be object\./],
    [
      '{ env: A, file: B }',
      /yaml:5: providers\.0\.secret must have exactly one of env, file\. Signs every call\. .* never in the clear/,
    ],
  ])('%s is refused', (secret, expected) => {
    const fault = faultOf(edge(secret), { EMPTY: '' });
    expect(fault).toMatch(expected);
    expect(fault).not.toContain('whsec_in_the_clear');
  });
});
