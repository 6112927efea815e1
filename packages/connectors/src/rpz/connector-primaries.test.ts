import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Answer, Connector, Effect, Presence } from '../connector.ts';
import { aCall, TENANT_A, TENANT_B } from '../testing.ts';
import { KEY_NAME, SECRET, ZONE } from './testing/bind-product.ts';
import { areBlocked, dig, run } from './testing/dns-tools.ts';
import { PRIMARIES, type Served, startServed } from './testing/other-primaries.ts';
import { openRpz } from './testing/rpz-under-test.ts';

const calm = (): AbortSignal => AbortSignal.timeout(20_000);
const COUNT = 10_000;
const domain = (value: string, tenantId = TENANT_A): Effect => ({
  tenantId,
  action: 'BlockDomain',
  target: { kind: 'domain', value },
});
const ip = (value: string): Effect => ({
  tenantId: TENANT_A,
  action: 'BlockIp',
  target: { kind: value.includes('/') ? 'cidr' : 'ip', value },
});

describe.each(['knot', 'powerdns'] as const)('a zone of %s that Unbound serves', (name) => {
  const isHere = (['unbound', 'bind', name] as const).every((each) => requirement(each).ok);
  describe.skipIf(!isHere)('seen by the clients of Unbound', { timeout: 60_000 }, () => {
    let served: Served;
    let connector: Connector;
    const open = (): Connector => openRpz(served.port, { probe: [{ address: '127.0.0.1', port: served.resolver }] });
    const look = async (effect: Effect): Promise<Presence | undefined> => connector.verify?.(aCall(effect), calm());
    const blocked = (...names: readonly string[]) => areBlocked(served.resolver, names);
    const inForce = async (...effects: readonly Effect[]): Promise<void> => {
      for (const effect of effects)
        expect(await connector.apply(aCall(effect), calm())).toMatchObject({ kind: 'done' });
      for (const effect of effects) await comesTo(() => look(effect), 'present');
    };
    const comesTo = (ask: () => Promise<Presence | Answer | undefined>, kind: string): Promise<unknown> =>
      vi.waitFor(async () => expect(await ask()).toMatchObject({ kind }), { timeout: 15_000, interval: 50 });
    const released = (effect: Effect) => comesTo(() => connector.release(aCall(effect), calm()), 'done');

    beforeAll(async () => {
      served = await startServed(PRIMARIES[name]);
    }, 60_000);
    afterAll(() => served?.stop());
    beforeEach(() => {
      connector = open();
    });
    afterEach(() => connector.close());

    test('a name and all below it do not exist once it is present, nor any more when the release is done', async () => {
      const names = ['evil.example', 'www.evil.example', 'notevil.example'];
      expect(await look(domain('evil.example'))).toEqual({ kind: 'absent' });
      await inForce(domain('evil.example'));
      expect(await blocked(...names)).toEqual([true, true, false]);
      await connector.apply(aCall(domain('evil.example')), calm());
      expect(await connector.list?.(TENANT_A, calm())).toEqual([
        { action: 'BlockDomain', target: { kind: 'domain', value: 'evil.example' }, foreign: false },
      ]);
      await released(domain('evil.example'));
      expect(await blocked(...names)).toEqual([false, false, false]);
      await released(domain('evil.example'));
      expect(await connector.list?.(TENANT_A, calm())).toEqual([]);
    });

    test('answers with a blocked address, or one of a blocked network, are kept back', async () => {
      const answers = async (question: string): Promise<number | undefined> =>
        (await dig(served.resolver, [question]))[0]?.answers.length;
      expect(await answers('ip-203-0-113-9.good.example A')).toBe(1);
      await inForce(ip('203.0.113.9'), ip('198.51.100.0/24'));
      expect(await answers('ip-203-0-113-9.other.example A')).toBe(0);
      expect(await answers('ip-198-51-100-77.other.example A')).toBe(0);
      expect(await answers('ip-203-0-113-10.other.example A')).toBe(1);
      await released(ip('203.0.113.9'));
      await released(ip('198.51.100.0/24'));
    });

    test('two tenants block one name; the second release lets it go', async () => {
      await inForce(domain('both.example', TENANT_A), domain('both.example', TENANT_B));
      await released(domain('both.example', TENANT_A));
      expect(await blocked('both.example')).toEqual([true]);
      await released(domain('both.example', TENANT_B));
      expect(await blocked('both.example')).toEqual([false]);
    });

    test("an administrator's block stays, and his record of another kind is not overwritten", async () => {
      await served.update([
        `update add theirs.example.${ZONE}. 60 CNAME .`,
        `update add *.theirs.example.${ZONE}. 60 CNAME .`,
        `update add pass.example.${ZONE}. 60 CNAME rpz-passthru.`,
      ]);
      await vi.waitFor(async () => expect(await blocked('theirs.example')).toEqual([true]), { timeout: 10_000 });
      expect(await look(domain('theirs.example'))).toEqual({ kind: 'present', foreign: true });
      expect(await connector.apply(aCall(domain('pass.example')), calm())).toMatchObject({ kind: 'refused' });
      expect(await connector.apply(aCall(domain('theirs.example')), calm())).toMatchObject({ kind: 'done' });
      await released(domain('theirs.example'));
      expect(await blocked('theirs.example')).toEqual([true]);
    });

    test('a block outlives kill -9 of the primary', async () => {
      await inForce(domain('lasting.example'));
      await served.restart('SIGKILL');
      expect(await served.zone()).toContain(`lasting.example.${ZONE}.`);
      await comesTo(() => look(domain('lasting.example')), 'present');
      await released(domain('lasting.example'));
    });

    test('while the resolver is away nothing is in force, and nothing is released', async () => {
      await inForce(domain('held.example'));
      await served.stopResolver();
      await connector.apply(aCall(domain('late.example')), calm());
      expect((await look(domain('late.example')))?.kind).toBe('unknown');
      expect((await connector.release(aCall(domain('held.example')), calm())).kind).toBe('unknown');
      await served.startResolver();
      await comesTo(() => look(domain('late.example')), 'present');
      await released(domain('held.example'));
      expect(await blocked('late.example', 'held.example')).toEqual([true, false]);
      await released(domain('late.example'));
    });

    test('the key changes nothing outside its zone, and without it nobody changes anything', async () => {
      const key = ['-y', `hmac-sha256:${KEY_NAME}:${SECRET}`];
      const update = (lines: readonly string[], signed = key): Promise<string> =>
        run('nsupdate', [...signed, '-v'], [`server 127.0.0.1 ${served.port}`, ...lines, 'send', ''].join('\n'));
      expect(await update([`zone ${ZONE}.`, `update add x.${ZONE}. 60 CNAME .`], [])).toMatch(/REFUSED|NOTAUTH/);
      expect(await update(['zone other.example.', 'update add x.other.example. 60 CNAME .'])).toMatch(
        /NOTAUTH|REFUSED/,
      );
      const address = await update([`zone ${ZONE}.`, `update add x.${ZONE}. 60 A 192.0.2.1`]);
      // PowerDNS knows no types here: the page says so.
      expect(address).toMatch(name === 'knot' ? /REFUSED|NOTAUTH/ : /^$/);
      await update([`zone ${ZONE}.`, `update delete x.${ZONE}. A`]);
    });

    test('10,000 names are in force at the resolver, and are listed', async () => {
      const names = Array.from({ length: COUNT }, (_, index) => `n-${index}.many.example`);
      const began = performance.now();
      const answers = await Promise.all(names.map((value) => connector.apply(aCall(domain(value)), calm())));
      const applied = performance.now() - began;
      expect(answers.filter(({ kind }) => kind === 'done')).toHaveLength(COUNT);
      const last = names.at(-1) ?? '';
      await vi.waitFor(async () => expect(await blocked(last)).toEqual([true]), { timeout: 40_000, interval: 20 });
      process.stdout.write(
        `rpz: 10,000 names at ${name} in ${Math.round(applied)} ms, at Unbound in ${Math.round(performance.now() - began)} ms\n`,
      );
      expect(await blocked(names[0] ?? '', names[5_000] ?? '', `x.${last}`)).toEqual([true, true, true]);
      const listed = (await connector.list?.(TENANT_A, calm())) ?? [];
      expect(listed.filter(({ foreign }) => !foreign)).toHaveLength(COUNT);
    });
  });
});
