import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Connector, Effect } from '../connector.ts';
import { calm } from '../testing/bench.ts';
import { aCall, inHours, TENANT_A, TENANT_B } from '../testing/call-builder.ts';
import { USER_AGENT } from './session.ts';
import { BOUNCER_KEY, type CrowdsecProduct, MACHINE, PASSWORD, startCrowdsec } from './testing/crowdsec-product.ts';
import { activeRows, connectTo, createGate, login } from './testing/crowdsec-under-test.ts';

const on = (value: string, tenantId = TENANT_A): Effect => ({
  tenantId,
  action: 'BlockIp',
  target: { kind: value.includes('/') ? 'cidr' : 'ip', value },
});

const DONE = { kind: 'done' };

describe.skipIf(!requirement('crowdsec').ok)('crowdsec, where the local API has its traps', () => {
  let product: CrowdsecProduct;
  let connector: Connector;
  const url = (path: string): string => `http://127.0.0.1:${product.port}${path}`;
  const values = (): readonly string[] => activeRows(product).map(({ value }) => value);
  const logins = (): number => product.log().split('POST /v1/watchers/login').length - 1;

  beforeAll(async () => {
    product = await startCrowdsec();
  }, 30_000);
  afterAll(() => product?.stop());
  beforeEach(async () => {
    await fetch(url('/v1/decisions'), { method: 'DELETE', headers: await login(product.port) });
    connector = connectTo(product.port);
  });
  afterEach(() => connector.close());

  /** One more decision like one of ours, as an answer that was lost would leave behind. */
  async function double(change: (scenario: string) => string, hours: number): Promise<void> {
    const [row] = activeRows(product);
    const at = new Date().toISOString();
    const decision = {
      origin: 'interdict',
      type: 'ban',
      scope: row?.scope,
      value: row?.value,
      duration: `${hours}h`,
      scenario: change(row?.scenario ?? ''),
    };
    const source = { scope: row?.scope, value: row?.value };
    const texts = { scenario: 'interdict', scenario_hash: '', scenario_version: '', message: 'm', leakspeed: '0' };
    const rest = { events_count: 0, capacity: 0, simulated: false, events: [], start_at: at, stop_at: at };
    const answer = await fetch(url('/v1/alerts'), {
      method: 'POST',
      headers: await login(product.port),
      body: JSON.stringify([{ ...texts, ...rest, source, decisions: [decision] }]),
    });
    expect(answer.status).toBe(201);
  }

  describe('a repeat makes a second decision there', () => {
    for (const [name, change] of [
      ['with the same mark', (scenario: string) => scenario],
      ['with another', (scenario: string) => scenario.replace(/\d$/, (digit) => String(9 - Number(digit)))],
    ] as const) {
      for (const hours of [1, 30]) {
        it(`and the next apply leaves one of two ${name}, the other ending in ${hours} h`, async () => {
          await connector.apply(aCall(on('203.0.113.9')), calm());
          await double(change, hours);
          expect(values()).toEqual(['203.0.113.9', '203.0.113.9']);
          expect(await connector.apply(aCall(on('203.0.113.9')), calm())).toMatchObject(DONE);
          expect(values()).toEqual(['203.0.113.9']);
          expect(await connector.verify?.(aCall(on('203.0.113.9')), calm())).toEqual({ kind: 'present' });
        });
      }

      it(`and a release takes out both of two ${name}`, async () => {
        await connector.apply(aCall(on('203.0.113.9')), calm());
        await double(change, 30);
        expect(await connector.release(aCall(on('203.0.113.9')), calm())).toMatchObject(DONE);
        expect(values()).toEqual([]);
      });
    }

    it('and a hundred at once for one target make one', async () => {
      const calls = Array.from({ length: 100 }, () => connector.apply(aCall(on('203.0.113.9')), calm()));
      for (const answer of await Promise.all(calls)) expect(answer).toMatchObject(DONE);
      expect(values()).toEqual(['203.0.113.9']);
    });
  });

  it('a deletion by scenario takes exactly ours: not what begins alike, not another tenant, not an administrator', async () => {
    await product.cscli('decisions', 'add', '--ip', '203.0.113.9', '--duration', '1h');
    for (const effect of [on('203.0.113.9'), on('203.0.113.90'), on('203.0.113.9', TENANT_B), on('203.0.113.0/24')]) {
      expect(await connector.apply(aCall(effect), calm())).toMatchObject(DONE);
    }
    expect(await connector.release(aCall(on('203.0.113.9')), calm())).toMatchObject(DONE);
    const left = activeRows(product).map(({ origin, value }) => `${origin} ${value}`);
    expect(left.toSorted()).toEqual([
      'cscli 203.0.113.9',
      'interdict 203.0.113.0/24',
      'interdict 203.0.113.9',
      'interdict 203.0.113.90',
    ]);
    expect(await connector.verify?.(aCall(on('203.0.113.9')), calm())).toEqual({ kind: 'present', foreign: true });
  });

  it('only canonical addresses and networks are sent, of whatever looks like one', async () => {
    const { gate } = createGate(product.port);
    await gate.open();
    const own = connectTo(gate.port);
    const bad = [
      ...[
        '203.0.113.9\n',
        '203.0.113.9;',
        '203.0.113.9\0',
        '"203.0.113.9"',
        '203.0.113.*',
        '*',
        '',
        '%',
        "' or 1=1 --",
      ],
      ...['203.0.113.9.', '0203.0.113.9', '203.0.113', '3405803785', '0xcb007109', '203.0.113.9/24', '203.0.113.9/32'],
      ...[
        '203.0.113.0/33',
        '0.0.0.0/0',
        '::/0',
        '2001:DB8::9',
        '2001:db8:0:0:0:0:0:9',
        'fe80::1%eth0',
        '2001:db8::9/128',
      ],
      ...[
        '::ffff:203.0.113.9',
        '::ffff:cb00:7109',
        `${'a'.repeat(255)}.example`,
        '203.0.113.9&origin=cscli',
        'localhost',
      ],
    ];
    for (const value of bad) {
      for (const kind of ['ip', 'cidr'] as const) {
        const call = aCall({ tenantId: TENANT_A, action: 'BlockIp', target: { kind, value } });
        expect((await own.apply(call, calm())).kind, JSON.stringify(value)).toBe('refused');
        expect((await own.release(call, calm())).kind, JSON.stringify(value)).toBe('refused');
        expect(await own.verify?.(call, calm()), JSON.stringify(value)).toEqual({ kind: 'absent' });
      }
    }
    const noTenant = aCall(on('203.0.113.9', 'interdict:*'));
    expect((await own.apply(noTenant, calm())).kind).toBe('refused');
    expect((await own.apply(aCall(on('203.0.113.9'), { expirationDateTime: 'soon' }), calm())).kind).toBe('refused');
    expect(gate.received).toBe(0);
    await own.close();
    await gate.close();
  });

  it('what it refuses with 500 is not taken for done', async () => {
    const answer = await fetch(url('/v1/decisions?ip=localhost'), { headers: { 'x-api-key': BOUNCER_KEY } });
    expect(answer.status).toBe(500);
    const long = await connector.apply(aCall(on('203.0.113.9'), { expirationDateTime: inHours(9_000_000) }), calm());
    expect(long.kind).toBe('unknown');
    expect(await connector.verify?.(aCall(on('203.0.113.9')), calm())).toEqual({ kind: 'absent' });
  });

  it('a user agent of name and version is wanted, and is sent', async () => {
    const body = JSON.stringify({ machine_id: MACHINE, password: PASSWORD, scenarios: [] });
    const ask = async (agent: string): Promise<number> =>
      (await fetch(url('/v1/watchers/login'), { method: 'POST', headers: { 'user-agent': agent }, body })).status;
    expect(await ask('interdict')).toBe(401);
    expect(await ask(USER_AGENT)).toBe(200);
    const { version } = (await import('../../package.json', { with: { type: 'json' } })).default;
    expect(USER_AGENT).toBe(`interdict/${version}`);
  });

  describe('a login costs 65 ms', () => {
    afterEach(() => vi.useRealTimers());

    it('and one is enough for many calls, at once and later', async () => {
      const before = logins();
      const calls = Array.from({ length: 20 }, (_, index) => connector.apply(aCall(on(`203.0.113.${index}`)), calm()));
      await Promise.all([...calls, connector.release(aCall(on('203.0.113.200')), calm())]);
      await connector.release(aCall(on('203.0.113.1')), calm());
      expect(logins() - before).toBe(1);
    });

    it('and it is renewed before its end', async () => {
      await connector.apply(aCall(on('203.0.113.1')), calm());
      const before = logins();
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 50 * 60_000 });
      await connector.apply(aCall(on('203.0.113.2')), calm());
      expect(logins() - before).toBe(0);
      vi.setSystemTime(Date.now() + 6 * 60_000);
      await connector.apply(aCall(on('203.0.113.3')), calm());
      expect(logins() - before).toBe(1);
    });

    it('and what is not taken any more, as after a restart, is fetched anew: the call itself succeeds', async () => {
      await connector.apply(aCall(on('203.0.113.1')), calm());
      await product.restart();
      // The connection died too, and that is told by itself.
      await connector.verify?.(aCall(on('203.0.113.1')), calm());
      expect(await connector.apply(aCall(on('203.0.113.2')), calm())).toMatchObject(DONE);
      expect(logins()).toBe(1);
      expect(values().toSorted()).toEqual(['203.0.113.1', '203.0.113.2']);
    });
  });

  it('bouncers pull: in force and gone are what they have had the time to hear of', async () => {
    const slow = connectTo(product.port, { bouncerInterval: 'PT10S' });
    const call = aCall(on('203.0.113.9'));
    expect(await slow.apply(call, calm())).toMatchObject(DONE);
    const early = await slow.verify?.(call, calm());
    expect(early).toMatchObject({ kind: 'pending' });
    if (early?.kind !== 'pending') return;
    expect(early.againMs).toBeGreaterThan(9_000);
    expect(early.againMs).toBeLessThanOrEqual(11_000);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11_001 });
    expect(await slow.verify?.(call, calm())).toEqual({ kind: 'present' });
    expect(await slow.apply(aCall(on('203.0.113.9'), { expirationDateTime: inHours(5) }), calm())).toMatchObject(DONE);
    expect(await slow.verify?.(call, calm()), 'a later end takes nothing away').toEqual({ kind: 'present' });
    const released = await slow.release(call, calm());
    expect(released).toMatchObject({ kind: 'pending', note: expect.stringMatching(/^let go at \d{13}$/) });
    const note = String('note' in released && released.note);
    expect(values()).toEqual([]);
    // Another process goes on with it.
    const other = connectTo(product.port, { bouncerInterval: 'PT10S' });
    vi.setSystemTime(Date.now() + 6_000);
    expect(await other.release({ ...call, note }, calm())).toMatchObject({ kind: 'pending', note });
    vi.setSystemTime(Date.now() + 5_001);
    expect(await other.release({ ...call, note }, calm())).toMatchObject(DONE);
    expect(await other.release(call, calm()), 'nobody knows when it went').toMatchObject({ kind: 'pending' });
    expect(await other.apply({ ...call, note }, calm())).toMatchObject({ ...DONE, note: '' });
    vi.useRealTimers();
    await slow.close();
    await other.close();
  });

  describe('the account and the key are for what they are', () => {
    it('the key reads and does nothing else', async () => {
      const headers = { 'x-api-key': BOUNCER_KEY };
      await connector.apply(aCall(on('203.0.113.9')), calm());
      expect((await fetch(url('/v1/decisions'), { headers })).status).toBe(200);
      for (const [method, path] of [
        ['DELETE', '/v1/decisions?ip=203.0.113.9'],
        ['POST', '/v1/alerts'],
        ['GET', '/v1/alerts'],
        ['DELETE', '/v1/alerts'],
      ] as const) {
        expect((await fetch(url(path), { method, headers })).status, `${method} ${path}`).toBe(401);
      }
      expect(values()).toEqual(['203.0.113.9']);
    });

    it('the account reads as no bouncer, and makes no accounts that count', async () => {
      const headers = await login(product.port);
      expect((await fetch(url('/v1/decisions'), { headers })).status).toBe(403);
      const body = JSON.stringify({ machine_id: 'another', password: 'another-password-0123' });
      await fetch(url('/v1/watchers'), { method: 'POST', headers, body });
      const { authorization } = await login(product.port, 'another', 'another-password-0123');
      expect(authorization).toBe('Bearer undefined');
      const bouncers = JSON.parse(await product.cscli('bouncers', 'list')) as readonly { readonly name: string }[];
      expect(bouncers.map(({ name }) => name)).toEqual(['interdict']);
    });
  });
});
