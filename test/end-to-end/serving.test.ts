import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls, { type PeerCertificate, type SecureVersion } from 'node:tls';
import { PERMISSIONS } from '@interdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Attacked, startAttacked } from '../attacked-server.ts';
import { freePort } from '../free-port.ts';
import { type PlainAnswer, type PlainHttp, plainHttp } from '../plain-http.ts';
import { headerFaults, refusalFaults } from '../refusal.ts';
import { ask, startServer, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';
const DAY_MS = 86_400_000;

const certificateOf = (server: TestServer): string => readFileSync(path.join(server.data, 'tls', 'cert.pem'), 'utf8');

const blockOf = (target: string): Readonly<Record<string, unknown>> => ({
  name: 'BlockIp',
  parameters: [{ name: 'IP', value: target }],
  vendorInformation: { provider: 'blocklist' },
});

const configOf = (publicUrl: string): string =>
  `server: { publicUrl: "${publicUrl}" }\nproviders: [ { name: blocklist, connector: blocklist } ]`;

let server: TestServer;
let metricsPort: number;
let secure: PlainHttp;
beforeAll(async () => {
  metricsPort = await freePort();
  server = await startServer({
    config: configOf('https://interdict.example'),
    env: { INTERDICT_METRICS_PORT: String(metricsPort) },
  });
  secure = plainHttp(server.tlsUrl, certificateOf(server));
});
afterAll(async () => {
  secure.close();
  await server.discard();
});

interface Shaken {
  readonly protocol: string | null;
  readonly certificate: PeerCertificate;
}

/** The protocol that a client of these versions and the server agree on. */
async function shakeHands(minVersion: SecureVersion, maxVersion: SecureVersion): Promise<Shaken> {
  const { hostname, port } = new URL(server.tlsUrl);
  const socket = tls.connect({
    host: hostname,
    port: Number(port),
    ca: certificateOf(server),
    minVersion,
    maxVersion,
    // Else the client itself would refuse what is old.
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  try {
    await once(socket, 'secureConnect');
    return { protocol: socket.getProtocol(), certificate: socket.getPeerCertificate() };
  } finally {
    socket.destroy();
  }
}

describe('https', () => {
  it.each(['localhost', '127.0.0.1', '::1', 'interdict.example'])(
    'is good for %s to a client that trusts the certificate of the first start',
    async (host) => {
      const { certificate } = await shakeHands('TLSv1.2', 'TLSv1.3');
      expect(tls.checkServerIdentity(host, certificate)).toBeUndefined();
    },
  );

  it('is good for no other host, and for no more than 825 days from now', async () => {
    const { certificate } = await shakeHands('TLSv1.2', 'TLSv1.3');
    for (const host of ['interdict', 'a.localhost', '127.0.0.2', 'example']) {
      expect(tls.checkServerIdentity(host, certificate), host).toBeInstanceOf(Error);
    }
    const days = (Date.parse(certificate.valid_to) - Date.now()) / DAY_MS;
    expect(days).toBeGreaterThan(365);
    expect(days).toBeLessThanOrEqual(825);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s', async (version) => {
    expect((await shakeHands(version, version)).protocol).toBe(version);
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('does not speak %s', async (version) => {
    await expect(shakeHands('TLSv1', version)).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    });
  });

  it('says on every answer that it is to be used from now on, which http never does', async () => {
    const plain = plainHttp(server.url);
    for (const target of ['/healthz', ACTIONS, '/nowhere', '/%zz']) {
      const overTls = (await secure.ask(target)).headers['strict-transport-security'];
      expect(overTls, target).toBe('max-age=31536000');
      expect((await plain.ask(target)).headers['strict-transport-security'], target).toBeUndefined();
    }
    plain.close();
  });

  it('keeps its certificate over a restart, and makes another where the public name is a new one', async () => {
    const fingerprint = (of: TestServer): string => new X509Certificate(certificateOf(of)).fingerprint256;
    const first = await startServer();
    const made = fingerprint(first);
    await first.stop();
    const again = await first.again();
    expect(fingerprint(again)).toBe(made);
    await again.stop();
    const named = await startServer({ data: first.data, config: configOf('https://other.example') });
    const certificate = new X509Certificate(certificateOf(named));
    expect(certificate.fingerprint256).not.toBe(made);
    expect(certificate.checkHost('other.example')).toBe('other.example');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    await named.discard();
  });

  it('gives a firewall its list, as http does, and nothing to one without the key', async () => {
    await ask(server, ACTIONS, { body: blockOf('203.0.113.61') });
    const Authorization = `Basic ${Buffer.from(`firewall:${server.feedKey()}`).toString('base64')}`;
    const list = await secure.ask('/feeds/blocklist/ip.txt', { headers: { Authorization } });
    expect([list.status, list.body]).toEqual([200, '203.0.113.61\n']);
    const headers = { Authorization, 'If-None-Match': String(list.headers.etag) };
    expect((await secure.ask('/feeds/blocklist/ip.txt', { headers })).status).toBe(304);
    const none = await secure.ask('/feeds/blocklist/ip.txt');
    expect(refusalFaults(none, { status: 401, inner: 'missingToken' })).toEqual([]);
    expect(none.headers['www-authenticate']).toMatch(/^Basic /);
  });
});

describe('metrics', () => {
  const read = async (): Promise<string> => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();

  it('count requests by route and class of status, and calls by provider; they name no id and no target', async () => {
    const { json } = await ask(server, ACTIONS, { body: blockOf('203.0.113.62') });
    await ask(server, `${ACTIONS}/${json.id}`);
    await ask(server, '/nowhere/203.0.113.62');
    const text = await until(read, (all) => /interdict_provider_calls_total\{provider="blocklist"/.test(all));
    for (const labels of [
      'method="POST",route="/security/securityActions",status="2xx"',
      'method="GET",route="/security/securityActions/:id",status="2xx"',
      'method="GET",route="none",status="4xx"',
    ]) {
      expect(text).toContain(`interdict_http_request_duration_seconds_count{${labels}} `);
    }
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(text).not.toContain('203.0.113');
    expect(text).not.toContain(String(json.id));
  });

  it('are at that port alone, on loopback alone, and nothing else is there', async () => {
    for (const url of [server.url, server.tlsUrl]) {
      const http = plainHttp(url, certificateOf(server));
      expect((await http.ask('/metrics')).status, url).toBe(404);
      http.close();
    }
    expect((await fetch(`http://127.0.0.1:${metricsPort}${ACTIONS}`)).status).toBe(404);
    // Another address of this machine: whoever listens on all of them would answer.
    const socket = net.connect(metricsPort, '127.0.0.2');
    await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('health', () => {
  it.each(['/healthz', '/readyz', '/HEALTHZ/'])(
    'is told to anyone at %s, over http and https, in headers too',
    async (target) => {
      const plain = plainHttp(server.url);
      for (const http of [plain, secure]) {
        const answer = await http.ask(target);
        expect([answer.status, answer.json]).toEqual([200, { status: 'ok' }]);
        expect(headerFaults(answer)).toEqual([]);
        const head = await http.ask(target, { method: 'HEAD' });
        expect([head.status, head.body]).toEqual([200, '']);
      }
      plain.close();
    },
  );

  it('is no matter of a provider that is down', async () => {
    const broken = await startServer({
      config: `providers:
  - { name: edge, connector: webhook, url: "http://127.0.0.1:9", allowPrivate: true, secret: { env: HOOK_SECRET } }`,
      env: { HOOK_SECRET: 'a secret of at least 24 bytes' },
    });
    await ask(broken, ACTIONS, { body: { ...blockOf('203.0.113.63'), vendorInformation: { provider: 'edge' } } });
    await until(
      async () => (await ask(broken, '/beta/security/securityActionProviders/edge')).json.health,
      (health) => String(health) !== 'up',
    );
    expect((await ask(broken, '/readyz', { token: null })).status).toBe(200);
    await broken.discard();
  });
});

describe('the service document', () => {
  it.each(['/', '/beta', '/v1.0', '/localtest', '/BETA/'])('at %s leads to every collection', async (root) => {
    const { status, json } = await ask(server, root, { token: null });
    expect(status).toBe(200);
    const version = root.toLowerCase().replace(/\/$/, '');
    expect(json['@odata.context']).toBe(`https://interdict.example${version}/$metadata`);
    const entries = json.value as unknown as readonly { name: string; kind: string; url: string }[];
    expect(entries.map(({ name }) => name)).toEqual([
      'security/securityActions',
      'security/securityActionProviders',
      'security/enforcements',
      'subscriptions',
    ]);
    for (const { kind, url } of entries) {
      expect(kind).toBe('EntitySet');
      const { pathname } = new URL(url, String(json['@odata.context']));
      expect((await ask(server, pathname)).status, pathname).toBe(200);
    }
  });
});

interface Operation {
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
}

describe('openapi.json', () => {
  let attacked: Attacked;
  let operations: readonly (readonly [method: string, target: string, operation: Operation])[];
  beforeAll(async () => {
    attacked = await startAttacked();
    const { status, json } = await attacked.http.ask('/openapi.json');
    expect([status, json.openapi]).toEqual([200, '3.1.1']);
    const paths = json.paths as unknown as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    operations = Object.entries(paths).flatMap(([target, methods]) =>
      Object.entries(methods).map(
        ([method, operation]) => [method.toUpperCase(), target.replace(/\{\w+\}/g, 'x'), operation] as const,
      ),
    );
  });
  afterAll(() => attacked.close());

  const permissionOf = ({ description = '' }: Operation): string | undefined =>
    PERMISSIONS.find((name) => description.includes(name));

  const send = (method: string, target: string, bearer?: string): Promise<PlainAnswer> =>
    attacked.http.ask(target, { method, headers: bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` } });

  it.each([
    ['GET', '/beta/security/securityActions', 'SecurityActions.Read.All'],
    ['GET', '/beta/security/securityActions/x', 'SecurityActions.Read.All'],
    ['GET', '/beta/security/securityActions/$count', 'SecurityActions.Read.All'],
    ['POST', '/beta/security/securityActions', 'SecurityActions.ReadWrite.All'],
    ['POST', '/beta/security/securityActions/$ref', 'SecurityActions.ReadWrite.All'],
    ['POST', '/beta/security/securityActions/x/cancelSecurityAction', 'SecurityActions.ReadWrite.All'],
    ['DELETE', '/beta/security/securityActions/x', 'SecurityActions.ReadWrite.All'],
    ['GET', '/beta/security/securityActionProviders', 'SecurityActions.Read.All'],
    ['GET', '/beta/security/enforcements', 'SecurityActions.Read.All'],
    ['GET', '/feeds/x/x', 'SecurityActions.Read.All'],
  ])('says that %s %s asks for %s', (method, target, permission) => {
    const found = operations.find(([one, other]) => one === method && other === target);
    expect(found && permissionOf(found[2])).toBe(permission);
  });

  it('says of every operation what the server asks for: no token 401, another permission 403', async () => {
    const stranger = await attacked.token({ roles: [] });
    for (const [method, target, operation] of operations) {
      const name = `${method} ${target}`;
      // CrowdSec's API answers as CrowdSec's does: 403 where there is no key, whatever else is there.
      if (target.startsWith('/v1/')) {
        expect([name, (await send(method, target)).status]).toEqual([name, 403]);
        continue;
      }
      const isOpen = operation.security.length === 0;
      const withoutToken = await send(method, target);
      expect(withoutToken.status === 401, `${name}: ${withoutToken.status}`).toBe(!isOpen);
      if (isOpen) continue;
      const permission = permissionOf(operation);
      if (permission === undefined) {
        expect([name, (await send(method, target, stranger)).status]).toEqual(['POST /beta/$batch', 400]);
        continue;
      }
      const says = new RegExp(permission.replaceAll('.', '\\.'));
      const refused = { status: 403, inner: 'insufficientPermission', says };
      expect(refusalFaults(await send(method, target, stranger), refused), name).toEqual([]);
    }
    expect(operations.length).toBeGreaterThanOrEqual(15);
  });
});
