import { randomUUID } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { until } from '../../../../test/server.ts';
import type { Store } from '../store/store.ts';
import { ask, createBenchProduct, type DispatchBench, openDispatchBench, rowOf } from './testing/dispatch-bench.ts';

let bench: DispatchBench | undefined;
afterEach(() => bench?.close());

const completes = (on: DispatchBench, tenant: string, id: string): Promise<unknown> =>
  until(
    () => rowOf(on, tenant, id),
    (row) => row?.status === 'Completed',
  );

/** Whole turns fail, and what they consist of does not. */
function breakTurns(on: DispatchBench): void {
  const { run } = on.store;
  const broken: Store['run'] = (tenantId, unit, args, options) =>
    unit.name === 'dispatch.takeDue'
      ? Promise.reject(new Error('The turn is broken.'))
      : run(tenantId, unit, args, options);
  Object.assign(on.store, { run: broken });
}

it('a turn that fails, while each of its parts goes well, is told, and not at every turn', async () => {
  bench = await openDispatchBench([createBenchProduct('edge')]);
  breakTurns(bench);
  const tenant = randomUUID();
  for (let index = 1; index <= 5; index += 1) {
    const id = await ask(bench, { tenantId: tenant, provider: 'edge', target: `ip:198.51.100.${index}` });
    await completes(bench, tenant, id);
  }
  expect(bench.faults).toMatchObject([
    { message: expect.stringContaining(tenant), cause: { message: 'The turn is broken.' } },
  ]);
});
