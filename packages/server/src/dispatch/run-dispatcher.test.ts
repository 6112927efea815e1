import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.ts';
import { createMetrics } from '../observe/metrics.ts';
import { createHealthBoard } from '../observe/provider-health.ts';
import { queries } from '../store/queries.ts';
import { openSqliteStore } from '../store/sql/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { anEnforcementRow } from '../store/testing/an-action-row.ts';
import { addEnforcement, sayDue } from '../store/testing/test-units.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { startDispatcher, stopDispatcher } from './run-dispatcher.ts';

const FAR = Date.now() + 600_000;

describe('a process that starts', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-dispatch-'));
  const faults: unknown[] = [];
  let store: Store;
  let dispatcher: Dispatcher;

  beforeEach(async () => {
    store = await openSqliteStore({ folder, entry: new URL('./testing/dispatch-thread.ts', import.meta.url) });
    dispatcher = createDispatcher({
      store,
      providers: [],
      refusalFor: () => undefined,
      health: createHealthBoard(),
      metrics: createMetrics(),
      clock: systemClock,
      random: Math.random,
      onFault: (error) => faults.push(error),
    });
  });
  afterEach(async () => {
    await stopDispatcher(dispatcher);
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('takes the leases of the gone back, behind however many of the living, and is ready then', async () => {
    const tenant = randomUUID();
    const leased = (target: number, owner: string): Promise<void> =>
      store.run(
        tenant,
        addEnforcement,
        anEnforcementRow({
          target: `ip:203.0.113.9-${target}`,
          lease_owner: owner,
          leased_at: 1,
          lease_until: FAR,
          lease_call: 'apply',
          due_at: FAR,
        }),
      );
    await store.run(tenant, sayDue, { at: FAR, nothingElse: true });
    const owners = [...Array.from({ length: 620 }, () => store.leaseOwner), 'gone', store.leaseOwner, 'gone too'];
    await Promise.all(owners.map((owner, index) => leased(index, owner)));
    await startDispatcher(dispatcher);
    const left = await store.read(tenant, queries.leasesAfter({ id: '', limit: 1_000 }));
    expect(left.length).toBe(621);
    expect(new Set(left.map(({ lease_owner }) => lease_owner))).toEqual(new Set([store.leaseOwner]));
    expect(faults).toEqual([]);
  });
});
