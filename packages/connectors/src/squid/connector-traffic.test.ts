import { readdirSync, readFileSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Connector, Effect } from '../connector.ts';
import { aCall, TENANT_A, TENANT_B } from '../testing.ts';
import { squid } from './connector.ts';
import { connectStatus, getInTunnel, getThrough } from './testing/squid-client.ts';
import { type RunningSquid, startSquid } from './testing/squid-product.ts';
import { linesOf, NO_PORTS, ownOf } from './testing/squid-under-test.ts';

const calm = (): AbortSignal => new AbortController().signal;
const url = (value: string, tenantId = TENANT_A): Effect => ({
  tenantId,
  action: 'BlockUrl',
  target: { kind: 'url', value },
});
const domain = (value: string, tenantId = TENANT_A): Effect => ({
  tenantId,
  action: 'BlockDomain',
  target: { kind: 'domain', value },
});

/** Processes that this one has started. */
function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nPPid:\t${parent}\n`);
      } catch {
        return false;
      }
    });
}

const isHelper = (pid: number): boolean => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('helper.ts');

const ADMINISTRATOR = ['acl theirs dstdomain .theirs.example', 'http_access deny theirs'];

describe.skipIf(!requirement('squid').ok).each(['icap', 'helper'] as const)(
  'clients of a Squid that asks by %s',
  (way) => {
    let running: RunningSquid;
    let connector: Connector;
    const open = (): Connector => squid.open({ name: 'edge', own: ownOf(running, running.port, way) }, NO_PORTS);
    const done = { kind: 'done', level: 'accepted' };
    const apply = async (effect: Effect) => expect(await connector.apply(aCall(effect), calm())).toEqual(done);
    const release = async (effect: Effect) => expect(await connector.release(aCall(effect), calm())).toEqual(done);
    const verify = (effect: Effect) => connector.verify?.(aCall(effect), calm());
    const status = async (uri: string) => (await getThrough(running.port, uri)).status;

    /** Where the helper's Squid opens TLS it tells in the tunnel that it refuses. */
    const tunnelStatus = async (authority: string): Promise<number> =>
      way === 'icap'
        ? connectStatus(running.port, authority)
        : (await getInTunnel(running.port, `https://${authority}/`, running.ca)).status;
    const expectAll = async (effects: readonly Effect[], kind: string) => {
      for (const effect of effects) expect(await verify(effect), effect.target.value).toEqual({ kind });
    };

    beforeAll(async () => {
      running = await startSquid({ way, bump: true, own: ADMINISTRATOR });
    }, 60_000);
    afterAll(() => running?.stop());
    beforeEach(() => {
      connector = open();
    });
    afterEach(async () => {
      for (const tenant of [TENANT_A, TENANT_B]) {
        for (const { action, target, foreign } of (await connector.list?.(tenant, calm())) ?? []) {
          if (!foreign) await release({ tenantId: tenant, action, target });
        }
      }
      await connector.close();
    });

    test('a plain URL is refused once apply is done, and passes once release is', async () => {
      const bad = url('http://site.example/bad');
      for (let round = 0; round < 10; round += 1) {
        expect(await status('http://site.example/bad/x')).toBe(200);
        await apply(bad);
        expect(await status('http://site.example/bad/x')).toBe(403);
        expect(await verify(bad)).toEqual({ kind: 'present' });
        await release(bad);
      }
      await apply(bad);
      for (const uri of [
        'http://SITE.example.:80/good/../%62ad?q',
        'http://site.example/bad',
        'http://u:p@site.example/bad/',
      ]) {
        expect(await status(uri), uri).toBe(403);
      }
      for (const uri of ['http://site.example/badger', 'http://site.example/', 'http://www.site.example/bad']) {
        expect(await status(uri), uri).toBe(200);
      }
    });

    test('a URL with a query is refused as it stands', async () => {
      await apply(url('http://site.example/x?a=%20{}|%27&b'));
      expect(await status('http://site.example/x?a=%20{}|%27&b')).toBe(403);
      expect(await status('http://site.example/x?a=%20{}|%27&b&c')).toBe(200);
      expect(await status('http://site.example/x')).toBe(200);
    });

    test('a request with a body is refused or passes whole, however long it is', async () => {
      await apply(url('http://site.example/bad'));
      for (const size of [5, 300_000, 5_000_000]) {
        const body = Buffer.alloc(size, 'x');
        const headers = { 'content-length': `${size}` };
        const post = (uri: string) =>
          getThrough(running.port, uri, { method: 'POST', headers, body }).catch(() => undefined);
        expect((await post('http://site.example/good'))?.status).toBe(200);
        // Squid may hang up on a body that it refuses.
        expect([403, undefined]).toContain((await post('http://site.example/bad'))?.status);
      }
      expect(running.origin.seen.filter((line) => line.startsWith('POST') && line.includes('/bad'))).toEqual([]);
    });

    test('a domain is refused with all below it, in plain and in tunnels', async () => {
      const evil = domain('evil.example');
      const { securePort } = running.origin;
      expect(await tunnelStatus(`evil.example:${securePort}`)).toBe(200);
      await apply(evil);
      for (const authority of [`evil.example:${securePort}`, 'www.evil.example:8443', 'EVIL.Example.:443']) {
        expect(await tunnelStatus(authority), authority).toBe(403);
      }
      expect(await status('http://a.b.evil.example:8080/x')).toBe(403);
      expect(await status('http://evil.example/')).toBe(403);
      expect(await status('http://notevil.example/')).toBe(200);
      expect(await tunnelStatus(`good.example:${securePort}`)).toBe(200);
      expect(await verify(evil)).toEqual({ kind: 'present' });
      await release(evil);
      expect(await tunnelStatus(`evil.example:${securePort}`)).toBe(200);
    });

    test('a path behind TLS that Squid opens is refused, and its neighbours pass', async () => {
      const site = `https://good.example:${running.origin.securePort}`;
      const bad = url(`${site}/bad`);
      expect((await getInTunnel(running.port, `${site}/bad/x`, running.ca)).status).toBe(200);
      await apply(bad);
      expect(await verify(bad)).toEqual({ kind: 'present' });
      for (const [path, expected] of [
        ['/bad/x', 403],
        ['/bad?q', 403],
        ['/badger', 200],
        ['/', 200],
      ] as const) {
        expect((await getInTunnel(running.port, site + path, running.ca)).status, path).toBe(expected);
      }
      await release(bad);
      const whole = url(`${site}/`);
      await apply(whole);
      expect(await tunnelStatus(`good.example:${running.origin.securePort}`), 'a whole site').toBe(403);
      expect(await verify(whole)).toEqual({ kind: 'present' });
    });

    test('no probe reaches a site, whatever is there', async () => {
      const { origin } = running;
      const targets = [
        domain('evil.example'),
        url('http://site.example/x'),
        url(`https://good.example:${origin.securePort}/y`),
        url(`https://good.example:${origin.securePort}/`),
      ];
      const before = origin.connections();
      await expectAll(targets, 'absent');
      for (const target of targets) await apply(target);
      await expectAll(targets, 'present');
      expect(await connector.list?.(TENANT_A, calm())).toHaveLength(targets.length);
      expect(origin.connections()).toBe(before);
    });

    test('the probe header of a stranger changes nothing; whoever repeats one of ours gets his own 403', async () => {
      await apply(url('http://site.example/bad'));
      const key = Buffer.from(
        /# probe-key ([0-9a-f]{64})/.exec(await readFile(running.list, 'utf8'))?.[1] ?? '',
        'hex',
      );
      const { createProbe } = await import('./probe-seal.ts');
      const ask = (uri: string, probe: string) =>
        getThrough(running.port, uri, { headers: { 'X-Interdict-Probe': probe } });
      for (const probe of [
        '1',
        'x'.repeat(5_000),
        `${'0'.repeat(32)}.${'0'.repeat(64)}`,
        createProbe(Buffer.alloc(32)),
        '%0d%0a',
      ]) {
        for (const [uri, expected] of [
          ['http://site.example/', 200],
          ['http://site.example/bad', 403],
        ] as const) {
          const got = await ask(uri, probe);
          expect(got.status, probe.slice(0, 40)).toBe(expected);
          expect(got.headers['x-interdict-verdict']).toBeUndefined();
        }
      }
      const real = createProbe(key);
      const seen = running.origin.seen.length;
      const got = await ask('http://site.example/', real);
      expect([got.status, got.headers['x-interdict-verdict']]).toEqual([
        403,
        expect.stringMatching(/^absent\.[0-9a-f]{64}$/),
      ]);
      expect(running.origin.seen.length).toBe(seen);
    });

    test('two tenants hold one target apart', async () => {
      const [ours, theirs] = [domain('evil.example'), domain('evil.example', TENANT_B)];
      await apply(ours);
      await apply(theirs);
      expect(await linesOf(running.list)).toEqual(
        expect.arrayContaining([`evil.example ${TENANT_A}`, `evil.example ${TENANT_B}`]),
      );
      await release(ours);
      expect(await status('http://evil.example/')).toBe(403);
      await release(theirs);
      expect(await status('http://evil.example/')).toBe(200);
    });

    test('it outlives the restart of Interdict, and of Squid, and kill -9', async () => {
      const bad = url('http://site.example/bad');
      await apply(bad);
      await connector.close();
      connector = open();
      await vi.waitFor(async () => expect(await status('http://site.example/bad')).toBe(403), { timeout: 5_000 });
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        await running.restart(signal);
        expect(await status('http://site.example/bad'), signal).toBe(403);
        expect(await verify(bad)).toEqual({ kind: 'present' });
      }
      expect(await linesOf(running.list)).toContain(`http://site.example/bad ${TENANT_A}`);
    });

    const onlyOfHelper = way === 'helper' ? test : () => undefined;
    onlyOfHelper('kill -9 of the helper lets nothing through', async () => {
      await apply(url('http://site.example/bad'));
      for (let round = 0; round < 2; round += 1) {
        const helpers = childrenOf(running.pid()).filter(isHelper);
        expect(helpers.length).toBeGreaterThan(0);
        for (const pid of helpers) process.kill(pid, 'SIGKILL');
        for (let count = 0; count < 20; count += 1) expect(await status('http://site.example/bad')).toBe(403);
        await vi.waitFor(async () => expect(await status('http://site.example/')).toBe(200), { timeout: 5_000 });
      }
    });

    test("an administrator's own rules and lines stand as they are", async () => {
      const theirs = domain('theirs.example');
      expect(await verify(theirs), 'by a rule of squid.conf').toEqual({ kind: 'present', foreign: true });
      await apply(theirs);
      expect(await verify(theirs)).toEqual({ kind: 'present' });
      await release(theirs);
      expect(await verify(theirs)).toEqual({ kind: 'present', foreign: true });
      expect(await status('http://theirs.example/')).toBe(403);
      const lines = ['# mine', 'Other.Example', '  https://good.example/mine', 'what is this?', '*.wild.example'];
      await appendFile(running.list, `${lines.join('\n')}\n`);
      expect(await status('http://other.example/')).toBe(403);
      expect(await verify(domain('other.example'))).toEqual({ kind: 'present', foreign: true });
      await apply(domain('evil.example'));
      await release(domain('other.example'));
      await release(domain('evil.example'));
      const text = await readFile(running.list, 'utf8');
      for (const line of lines) expect(text).toContain(`\n${line}\n`);
      expect(await status('http://other.example/')).toBe(403);
      expect(await connector.list?.(TENANT_A, calm())).toEqual([
        { action: 'BlockDomain', target: { kind: 'domain', value: 'other.example' }, foreign: true },
        { action: 'BlockUrl', target: { kind: 'url', value: 'https://good.example/mine' }, foreign: true },
      ]);
    });
  },
);
