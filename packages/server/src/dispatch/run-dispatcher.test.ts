import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.ts';
import { createMetrics } from '../observe/metrics.ts';
import { createHealthBoard } from '../observe/provider-health.ts';
import { queries } from '../store/queries.ts';
import { openSqliteStore } from '../store/sql/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { anActionRow, anEnforcementRow } from '../store/testing/an-action-row.ts';
import { addAction, addEnforcement, sayDue } from '../store/testing/test-units.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { startDispatcher, stopDispatcher } from './run-dispatcher.ts';

const FAR = Date.now() + 600_000;

describe('the dispatcher', () => {
  let folder: string;
  let store: Store;
  let dispatcher: Dispatcher | undefined;
  const faults: unknown[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-dispatch-'));
    store = await openSqliteStore({ folder, entry: new URL('./testing/dispatch-thread.ts', import.meta.url) });
  });
  afterEach(async () => {
    if (dispatcher) await stopDispatcher(dispatcher);
    await store.close();
    rmSync(folder, { recursive: true });
  });

  async function start(over: Store): Promise<void> {
    dispatcher = createDispatcher({
      store: over,
      providers: [],
      refusalFor: () => undefined,
      health: createHealthBoard(),
      metrics: createMetrics(),
      clock: systemClock,
      random: Math.random,
      onFault: (error) => faults.push(error),
    });
    await startDispatcher(dispatcher);
  }

  it('takes the leases of the gone back, behind however many of the living, and is ready then', async () => {
    const tenant = randomUUID();
    const lease = { leased_at: 1, lease_until: FAR, lease_call: 'apply', due_at: FAR } as const;
    const leased = (target: number, lease_owner: string): Promise<void> =>
      store.run(
        tenant,
        addEnforcement,
        anEnforcementRow({ ...lease, target: `ip:203.0.113.9-${target}`, lease_owner }),
      );
    await store.run(tenant, sayDue, { at: FAR, nothingElse: true });
    const owners = [...Array.from({ length: 620 }, () => store.leaseOwner), 'gone', store.leaseOwner, 'gone too'];
    await Promise.all(owners.map((owner, index) => leased(index, owner)));
    await start(store);
    const left = await store.read(tenant, queries.leasesAfter({ id: '', limit: 1_000 }));
    expect(left.length).toBe(621);
    expect(new Set(left.map(({ lease_owner }) => lease_owner))).toEqual(new Set([store.leaseOwner]));
    expect(faults).toEqual([]);
  });

  it('does not ask again and again for ends that have come by its own clock and not by that of the store', async () => {
    const tenant = randomUUID();
    const end_at = Date.now() + 60_000;
    const rows = Array.from({ length: 250 }, () => anActionRow({ end_at, start_at: null }));
    await Promise.all(rows.map((row) => store.run(tenant, addAction, row)));
    await store.run(tenant, sayDue, { at: 1, nothingElse: true });
    let turns = 0;
    const ahead: Store = {
      ...store,
      clock: { now: () => Date.now() + 120_000 },
      run: (tenantId, unit, args, options) => {
        turns += 1;
        return store.run(tenantId, unit, args, options);
      },
    };
    await start(ahead);
    await delay(1_200);
    expect(turns).toBeGreaterThan(0);
    expect(turns).toBeLessThan(10);
    expect(faults).toEqual([]);
  });
});
