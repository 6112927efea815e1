import { randomUUID } from 'node:crypto';
import type { Connector } from '@interdict/connectors';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../../test/server.ts';
import { CommitUnknown, type Store } from '../store/store.ts';
import { wake } from './run-turn.ts';
import { type Settled, settleCall } from './settle-call.ts';
import { type Taken, takeDue } from './take-due.ts';
import {
  ask,
  createBenchProduct,
  type DispatchBench,
  DONE,
  openDispatchBench,
  rowOf,
} from './testing/dispatch-bench.ts';

/** Far less than the lease of 17 s. */
const SOON_MS = 10_000;

let bench: DispatchBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

/** The first intents are committed, and nobody is told. @returns how often there were intents */
function loseFirstIntent({ store }: DispatchBench): () => number {
  const { run } = store;
  let taken = 0;
  (store as { run: Store['run'] }).run = async (tenantId, unit, args, options) => {
    const returned = await run(tenantId, unit, args, options);
    const isTaken = unit.name === takeDue.name && (returned as Taken).calls.length > 0;
    if (isTaken) taken += 1;
    if (isTaken && taken === 1) throw new CommitUnknown('The connection broke in COMMIT.');
    return returned;
  };
  return () => taken;
}

async function isCompleted(on: DispatchBench, tenantId: string, id: string): Promise<void> {
  await until(
    async () => (await rowOf(on, tenantId, id))?.status,
    (status) => status === 'Completed',
    SOON_MS,
  );
}

describe('leases under which no call is made', () => {
  it('go on at once where it was not told that their intents are stored', async () => {
    const product = createBenchProduct('edge');
    bench = await openDispatchBench([product]);
    const taken = loseFirstIntent(bench);
    const tenantId = randomUUID();
    const id = await ask(bench, { tenantId, provider: 'edge', target: 'ip:198.51.100.1' });
    await isCompleted(bench, tenantId, id);
    expect(taken(), 'the first intent, and the one that was told').toBe(2);
    expect(product.calls).toHaveLength(1);
  });

  it('go on at once where the end of the call could not be stored', async () => {
    const product = createBenchProduct('edge');
    bench = await openDispatchBench([product]);
    let failed = 0;
    const { store } = bench;
    const { run } = store;
    (store as { run: Store['run'] }).run = (tenantId, unit, args, options) => {
      if (unit.name !== settleCall.name || failed === 5) return run(tenantId, unit, args, options);
      failed += 1;
      return Promise.reject(new Error('The store is out of reach.'));
    };
    const tenantId = randomUUID();
    const id = await ask(bench, { tenantId, provider: 'edge', target: 'ip:198.51.100.1' });
    await isCompleted(bench, tenantId, id);
    expect(product.calls).toHaveLength(2);
  });

  it('go on at once where what followed from a look was stored, and nobody was told', async () => {
    const product = createBenchProduct('edge');
    const { provider, calls } = product;
    const connector: Connector = {
      ...provider.connector,
      traits: { ...provider.connector.traits, probe: 'byTarget', seesForeign: true },
      verify: async () => ({ kind: calls.length > 0 ? 'present' : 'absent' }),
    };
    const terms = { ...provider.terms, probes: true, seesForeign: true };
    bench = await openDispatchBench([{ ...product, provider: { ...provider, connector, terms } }]);
    const { store, dispatcher } = bench;
    const { run } = store;
    const tenantId = randomUUID();
    let lost = 0;
    (store as { run: Store['run'] }).run = async (tenant, unit, args, options) => {
      const returned = await run(tenant, unit, args, options);
      if (unit.name !== settleCall.name || lost > 0 || !(returned as Settled).next) return returned;
      lost += 1;
      // A turn comes while the outcome is about to be written down again.
      setTimeout(() => wake(dispatcher, tenantId), 20);
      throw new CommitUnknown('The connection broke in COMMIT.');
    };
    const id = await ask(bench, { tenantId, provider: 'edge', target: 'ip:198.51.100.1' });
    await isCompleted(bench, tenantId, id);
    expect(lost).toBe(1);
  });

  it('are not those of a call that is under way', async () => {
    const product = createBenchProduct('edge');
    bench = await openDispatchBench([product]);
    const tenantId = randomUUID();
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    product.answer = async ({ target }) => {
      if (target === 'ip:198.51.100.1') await answered;
      return DONE;
    };
    const slow = await ask(bench, { tenantId, provider: 'edge', target: 'ip:198.51.100.1' });
    await until(() => product.calls.length, Boolean);
    loseFirstIntent(bench);
    await isCompleted(bench, tenantId, await ask(bench, { tenantId, provider: 'edge', target: 'ip:198.51.100.2' }));
    answer();
    await isCompleted(bench, tenantId, slow);
    expect(product.calls.filter(({ target }) => target === 'ip:198.51.100.1')).toHaveLength(1);
  });
});
