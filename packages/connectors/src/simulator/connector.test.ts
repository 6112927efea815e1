import { describe, expect, test } from 'vitest';
import type { Answer, Call, Connector, ConnectorTraits } from '../connector.ts';
import { aCall, describeConnector, SAMPLE_TARGETS, TENANT_A, TENANT_B } from '../testing.ts';
import { type SimulatorClock, systemClock } from './clock.ts';
import { openSimulator, simulator } from './connector.ts';
import { mannerOf } from './manner.ts';
import { createProduct, effectsInForce, takeAway } from './simulated-product.ts';

const traits: ConnectorTraits = {
  actions: [
    { name: 'BlockIp', targetKinds: ['ip', 'cidr'], reversible: true },
    { name: 'BlockDomain', targetKinds: ['domain'], reversible: true },
    { name: 'BlockUrl', targetKinds: ['url'], reversible: true },
    { name: 'BlockFile', targetKinds: ['sha256', 'sha1', 'md5'], reversible: true },
    { name: 'IsolateHost', targetKinds: ['host'], reversible: true },
    { name: 'DisableUser', targetKinds: ['user'], reversible: true },
  ],
  verification: 'readBack',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  keepsTime: false,
  maxLatenessMs: 0,
  timeoutMs: 2_000,
  limits: { concurrency: 256 },
  simulated: true,
};

/** A clock that goes on by as much as it is waited for, and otherwise only when told. */
function aClock(): SimulatorClock & { pass(ms: number): void } {
  let nowMs = 1_000;
  return {
    nowMs: () => nowMs,
    pass: (ms) => {
      nowMs += ms;
    },
    async wait(ms, signal) {
      if (ms === Number.POSITIVE_INFINITY) await systemClock.wait(ms, signal);
      signal.throwIfAborted();
      nowMs += ms;
    },
  };
}

describeConnector({
  name: 'simulator',
  traits,
  reach: 'process',
  misbehaviours: [],
  tellsForeign: false,
  hasList: true,
  start: async () => {
    const [product, clock] = [createProduct(), aClock()];
    let received = 0;
    const counting: SimulatorClock = {
      nowMs: clock.nowMs,
      wait: async (ms, signal) => {
        await clock.wait(ms, signal);
        received += 1;
      },
    };
    const stranger = openSimulator(product, clock);
    return {
      connect: () => openSimulator(product, counting),
      secrets: [],
      inForce: async () => effectsInForce(product, clock.nowMs()),
      received: async () => received,
      putForeign: async (effect) => void (await stranger.apply(aCall(effect), new AbortController().signal)),
      lose: async (effect) => takeAway(product, effect),
      misbehave: async () => expect.unreachable('The simulator has manners of its own.'),
      behave: async () => undefined,
      stop: () => stranger.close(),
    };
  },
});

interface Bench {
  readonly connector: Connector;
  readonly clock: ReturnType<typeof aClock>;
  readonly call: Call;
  apply(): Promise<Answer>;
  release(): Promise<Answer>;
  look(): Promise<object | undefined>;
}

function benchFor(value: string): Bench {
  const clock = aClock();
  const connector = openSimulator(createProduct(), clock);
  const call = aCall({ tenantId: TENANT_A, action: 'BlockIp', target: { kind: 'ip', value } });
  const signal = new AbortController().signal;
  return {
    connector,
    clock,
    call,
    apply: () => connector.apply(call, signal),
    release: () => connector.release(call, signal),
    look: async () => connector.verify?.(call, signal),
  };
}

const DONE = { kind: 'done', level: 'reported' };
const present = { kind: 'present' };
const absent = { kind: 'absent' };

describe('the target', () => {
  test('203.0.113.1 is taken at once', async () => {
    const { apply, clock, look } = benchFor('203.0.113.1');
    const before = clock.nowMs();
    expect(await apply()).toEqual(DONE);
    expect(await look()).toEqual(present);
    expect(clock.nowMs()).toBe(before);
  });

  test('203.0.113.2 is taken after 5 s, and pending until then', async () => {
    const { apply, clock, look } = benchFor('203.0.113.2');
    const first = await apply();
    expect(first).toMatchObject({ kind: 'pending', againMs: 5_000 });
    clock.pass(4_000);
    expect(await look()).toMatchObject({ kind: 'pending' });
    expect(await apply(), 'a repeat does not begin anew').toMatchObject({
      kind: 'pending',
      againMs: expect.toSatisfy((ms) => ms < 1_000),
    });
    clock.pass(1_000);
    expect(await look()).toEqual(present);
    expect(await apply()).toEqual(DONE);
  });

  test('203.0.113.2 that is released on its way never comes', async () => {
    const { apply, release, clock, look } = benchFor('203.0.113.2');
    await apply();
    expect(await release()).toEqual(DONE);
    clock.pass(60_000);
    expect(await look()).toEqual(absent);
  });

  test('203.0.113.3 is turned away twice first, and again after a release', async () => {
    const { apply, release, look } = benchFor('203.0.113.3');
    const tooMany = { kind: 'unavailable', message: expect.any(String), subcode: 429, retryAfterMs: 1_000 };
    for (let round = 0; round < 2; round += 1) {
      expect(await apply()).toEqual(tooMany);
      expect(await apply()).toEqual(tooMany);
      expect(await look()).toEqual(absent);
      expect(await apply()).toEqual(DONE);
      expect(await apply()).toEqual(DONE);
      expect(await look()).toEqual(present);
      expect(await release()).toEqual(DONE);
    }
  });

  test('203.0.113.4 is refused for good', async () => {
    const { apply, release, look } = benchFor('203.0.113.4');
    expect(await apply()).toEqual({ kind: 'refused', message: expect.any(String), subcode: 422 });
    expect(await look()).toEqual(absent);
    expect(await release()).toEqual(DONE);
  });

  test('203.0.113.5 never answers anything, and does nothing', async () => {
    const { connector, call } = benchFor('203.0.113.5');
    for (const send of [connector.apply, connector.release, connector.verify]) {
      const abort = new AbortController();
      const answer = send?.(call, abort.signal);
      const first = await Promise.race([answer, new Promise((resolve) => setImmediate(resolve, 'nothing yet'))]);
      expect(first).toBe('nothing yet');
      abort.abort();
      expect(await answer).toMatchObject({ kind: 'unknown' });
    }
    expect(await connector.list?.(TENANT_A, new AbortController().signal)).toEqual([]);
  });

  test('203.0.113.5 is let go when the connector closes', async () => {
    const { connector, call } = benchFor('203.0.113.5');
    const answer = connector.apply(call, new AbortController().signal);
    await connector.close();
    expect(await answer).toMatchObject({ kind: 'unknown' });
  });

  test('203.0.113.6 is said to be done and is not', async () => {
    const { apply, release, look, connector } = benchFor('203.0.113.6');
    expect(await apply()).toEqual(DONE);
    expect(await look()).toEqual(absent);
    expect(await connector.list?.(TENANT_A, new AbortController().signal)).toEqual([]);
    expect(await release()).toEqual(DONE);
  });

  test('203.0.113.7 is lost after 10 s, each time', async () => {
    const { apply, clock, look, connector } = benchFor('203.0.113.7');
    for (let round = 0; round < 2; round += 1) {
      expect(await apply()).toEqual(DONE);
      clock.pass(9_000);
      expect(await look()).toEqual(present);
      expect(await apply(), 'a repeat does not begin anew').toEqual(DONE);
      clock.pass(1_000);
      expect(await look()).toEqual(absent);
      expect(await connector.list?.(TENANT_A, new AbortController().signal)).toEqual([]);
    }
  });

  test('of any other kind or number is taken within 50 ms', () => {
    for (const kind of ['ip', 'cidr', 'domain', 'url', 'sha256', 'sha1', 'md5', 'host', 'user'] as const) {
      for (let index = 0; index < 100; index += 1) {
        const manner = mannerOf({ kind, value: SAMPLE_TARGETS[kind](index) });
        expect(manner).toMatchObject({ kind: 'obeys', takesMs: 0, throttles: 0 });
        expect(manner.answersAfterMs).toBeLessThanOrEqual(50);
      }
    }
    expect(mannerOf({ kind: 'ip', value: '203.0.113.8' }).kind).toBe('obeys');
    expect(mannerOf({ kind: 'domain', value: 'constructor' }).kind).toBe('obeys');
    expect(mannerOf({ kind: 'cidr', value: '203.0.113.4/30' }).kind).toBe('obeys');
  });
});

describe('the product', () => {
  const ports = { feeds: { holdersOf: () => Promise.reject(new Error('A simulator has no feeds.')) } };
  const open = (name: string) => simulator.open({ name, own: {} }, ports);
  const call = aCall({
    tenantId: TENANT_B,
    action: 'DisableUser',
    target: { kind: 'user', value: 'mallory@corp.example' },
  });
  const signal = new AbortController().signal;

  test('of one name outlives its connectors, and is none of another name', async () => {
    const first = open('outlives');
    await first.apply(call, signal);
    await first.close();
    expect(await open('outlives').verify?.(call, signal)).toEqual(present);
    expect(await open('another').verify?.(call, signal)).toEqual(absent);
  });

  test('offers the six actions, and refuses the settings that name a seventh', () => {
    expect(open('six').traits.actions).toHaveLength(6);
    expect(() => simulator.open({ name: 'seven', own: {}, actions: ['BlockIp', 'BlockAll'] }, ports)).toThrow(
      /no action BlockAll/,
    );
  });

  test('has a clock that waits, and that an abort ends', async () => {
    const before = systemClock.nowMs();
    await systemClock.wait(5, signal);
    expect(systemClock.nowMs() - before).toBeGreaterThan(3);
    await expect(systemClock.wait(60_000, AbortSignal.timeout(1))).rejects.toThrow();
    await expect(systemClock.wait(Number.POSITIVE_INFINITY, AbortSignal.timeout(1))).rejects.toThrow();
    await expect(systemClock.wait(0, AbortSignal.abort())).rejects.toThrow();
  });
});
