import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../test/server.ts';
import { cancelAction } from '../actions/cancel-action.ts';
import { wake } from './run-turn.ts';
import {
  ask,
  type BenchProduct,
  createBenchProduct,
  type DispatchBench,
  DONE,
  DOWN,
  openDispatchBench,
  rowOf,
} from './testing/dispatch-bench.ts';

const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };
const ip = (number: number): string => `ip:198.51.${Math.floor(number / 250)}.${(number % 250) + 1}`;

let bench: DispatchBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

async function open(...products: readonly BenchProduct[]): Promise<DispatchBench> {
  bench = await openDispatchBench(products);
  return bench;
}

const askMany = (on: DispatchBench, tenantId: string, provider: string, count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, (_, each) => ask(on, { tenantId, provider, target: ip(each) })));

async function countBy(on: DispatchBench, tenantId: string, ids: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const id of ids) {
    const row = await rowOf(on, tenantId, id);
    const key = `${row?.status} ${row?.state}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const metricText = (on: DispatchBench): Promise<string> => on.metrics.registry.metrics();

async function cancel(on: DispatchBench, tenantId: string, id: string): Promise<void> {
  const wish = { id, reason: null, origin: ORIGIN, providers: { down: { irreversible: [] } } };
  await on.store.run(tenantId, cancelAction, wish, { urgent: true });
  wake(on.dispatcher, tenantId);
}

describe('a provider that is down', () => {
  it('is tried one call at a time however much waits, costs the store and the others nothing, and gets all when it is back', async () => {
    const [down, good] = [createBenchProduct('down'), createBenchProduct('good')];
    down.answer = () => DOWN;
    const on = await open(down, good);
    const tenant = randomUUID();
    const waiting = await askMany(on, tenant, 'down', 300);
    await until(
      () => on.health.of('down', tenant).message,
      (message) => message?.includes('Nothing is sent until') ?? false,
    );
    await until(
      () => down.underWay,
      (count) => count === 0,
    );
    expect(on.health.of('down', tenant)).toMatchObject({ health: 'down' });
    expect(await metricText(on)).toContain('interdict_provider_held_back_tenants{provider="down",state="open"} 1');
    const [calls, units] = [down.calls.length, on.units.length];
    const others = await askMany(on, tenant, 'good', 40);
    await until(
      () => countBy(on, tenant, others),
      (counts) => counts['Completed inForce'] === 40,
    );
    const spent = on.units.length - units;
    down.mostUnderWay = 0;
    await delay(2_500);
    expect(on.units.length - units - spent, 'units of work while it waits').toBeLessThanOrEqual(16);
    expect(down.calls.length - calls, 'calls while it is down').toBeLessThanOrEqual(5);
    expect(down.mostUnderWay).toBeLessThanOrEqual(1);

    down.answer = () => DONE;
    await until(
      () => countBy(on, tenant, waiting),
      (counts) => counts['Completed inForce'] === 300,
      20_000,
    );
    expect(on.health.of('down', tenant)).toEqual({ health: 'up', message: null });
    expect(await metricText(on)).not.toMatch(/held_back_tenants\{provider="down",state="open"\} 1/);
    expect(on.faults).toEqual([]);
  });

  it('delays no cancel of what was never sent, and gets releases without a word of applies', async () => {
    const down = createBenchProduct('down');
    const on = await open(down);
    const tenant = randomUUID();
    const [held = ''] = await askMany(on, tenant, 'down', 1);
    await until(
      () => countBy(on, tenant, [held]),
      (counts) => counts['Completed inForce'] === 1,
    );
    down.answer = ({ kind }) => (kind === 'apply' ? DOWN : DONE);
    const waiting = await askMany(on, tenant, 'down', 60);
    await until(
      () => on.health.of('down', tenant).message,
      (message) => message?.includes('Nothing is sent until') ?? false,
    );
    const unsent = await until(
      async () => {
        for (const id of waiting) if ((await rowOf(on, tenant, id))?.status === 'NotStarted') return id;
        return undefined;
      },
      (id) => id !== undefined,
    );
    const beganAt = performance.now();
    await cancel(on, tenant, unsent ?? '');
    expect(await countBy(on, tenant, [unsent ?? ''])).toEqual({ 'Failed none': 1 });
    await cancel(on, tenant, held);
    await until(
      () => countBy(on, tenant, [held]),
      (counts) => counts['Completed released'] === 1,
    );
    expect(performance.now() - beganAt).toBeLessThan(6_000);
  });

  it('for one tenant is not down for another', async () => {
    const down = createBenchProduct('down');
    const [bad, well] = [randomUUID(), randomUUID()];
    down.answer = ({ tenantId }) => (tenantId === bad ? DOWN : DONE);
    const on = await open(down);
    await askMany(on, bad, 'down', 100);
    await until(
      () => on.health.of('down', bad).message,
      (message) => message?.includes('Nothing is sent until') ?? false,
    );
    const ids = await askMany(on, well, 'down', 100);
    await until(
      () => countBy(on, well, ids),
      (counts) => counts['Completed inForce'] === 100,
    );
    expect(on.health.of('down', well)).toEqual({ health: 'up', message: null });
  });

  it('only for some targets is not down', async () => {
    const product = createBenchProduct('down');
    const bad = new Set([ip(0), ip(1), ip(2)]);
    product.answer = ({ target }) => (bad.has(target) ? DOWN : DONE);
    const on = await open(product);
    const tenant = randomUUID();
    await askMany(on, tenant, 'down', 3);
    await delay(1_500);
    const ids = await Promise.all(
      Array.from({ length: 50 }, (_, each) => ask(on, { tenantId: tenant, provider: 'down', target: ip(each + 3) })),
    );
    await until(
      () => countBy(on, tenant, ids),
      (counts) => counts['Completed inForce'] === 50,
      3_000,
    );
  });
});

describe('a provider that asks for time', () => {
  it('is left alone for that long, and is not said to be down', async () => {
    const product = createBenchProduct('down');
    let until429 = 0;
    product.answer = ({ at }) => {
      if (product.calls.length > 40 && until429 === 0) until429 = at + 2_000;
      const retryAfterMs = until429 - at;
      return retryAfterMs > 0 ? { kind: 'unavailable', message: 'Too many.', subcode: 429, retryAfterMs } : DONE;
    };
    const on = await open(product);
    const tenant = randomUUID();
    const ids = await askMany(on, tenant, 'down', 120);
    await until(
      () => on.health.of('down', tenant).message,
      (message) => message?.includes('It asked to wait') ?? false,
    );
    expect(on.health.of('down', tenant).health).toBe('degraded');
    await until(
      () => countBy(on, tenant, ids),
      (counts) => counts['Completed inForce'] === 120,
      15_000,
    );
    const refused = product.calls.filter(({ at }) => at < until429).length - 40;
    expect(refused, 'calls into the wait').toBeLessThanOrEqual(8);
  });

  it('by declared limits gets no more than these, releases first', async () => {
    const product = createBenchProduct('down', { perMinute: 300 });
    const on = await open(product);
    const tenant = randomUUID();
    const beganAt = Date.now();
    const held = await ask(on, { tenantId: tenant, provider: 'down', target: ip(999) });
    await until(
      () => countBy(on, tenant, [held]),
      (counts) => counts['Completed inForce'] === 1,
    );
    await askMany(on, tenant, 'down', 200);
    await delay(1_500);
    const wishedAt = Date.now();
    await cancel(on, tenant, held);
    await until(
      () => countBy(on, tenant, [held]),
      (counts) => counts['Completed released'] === 1,
      3_000,
    );
    expect(Date.now() - wishedAt).toBeLessThan(1_000);
    await delay(1_500);
    const seconds = (Date.now() - beganAt) / 1_000;
    expect(product.calls.length).toBeLessThanOrEqual(30 + 4.5 * seconds);
    expect(product.calls.length).toBeGreaterThanOrEqual(0.8 * 5 * (seconds - 1));
  });
});
