import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../../test/server.ts';
import { systemTimers } from '../lib/timers.ts';
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

describe('on a store that processes share', () => {
  const tenant = randomUUID();
  let folder: string;
  let store: Store;
  let dispatcher: Dispatcher | undefined;
  const faults: unknown[] = [];
  const live = new Set<string>();
  /** Lives from the next question on. */
  let comesBack: string | undefined;
  let asked = 0;
  /** The clock by which the grace is reckoned. */
  let now = 1_000_000;

  beforeEach(async () => {
    faults.length = 0;
    live.clear();
    comesBack = undefined;
    folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-leases-'));
    store = await openSqliteStore({ folder, entry: new URL('./testing/dispatch-thread.ts', import.meta.url) });
    await store.run(tenant, sayDue, { at: FAR, nothingElse: true });
  });
  afterEach(async () => {
    if (dispatcher) await stopDispatcher(dispatcher, 6_000);
    await store.close();
    rmSync(folder, { recursive: true });
  });

  async function lease(...owners: readonly string[]): Promise<void> {
    for (const owner of owners) {
      const call = { lease_owner: owner, leased_at: 1, lease_until: FAR, lease_call: 'apply', due_at: FAR } as const;
      await store.run(tenant, addEnforcement, anEnforcementRow({ ...call, target: `ip:203.0.113.9-${owner}` }));
    }
  }

  /** Another process over the same store; who lives is in {@link live}. */
  async function start(more: Partial<Store> = {}): Promise<void> {
    const liveLeaseOwners = async (): Promise<ReadonlySet<string>> => {
      asked += 1;
      const answer = new Set([store.leaseOwner, ...live]);
      if (comesBack !== undefined) live.add(comesBack);
      return answer;
    };
    dispatcher = createDispatcher({
      store: { ...store, hints: { tell: () => undefined, hear: () => undefined }, liveLeaseOwners, ...more },
      providers: [],
      refusalFor: () => undefined,
      health: createHealthBoard(),
      metrics: createMetrics(),
      timers: { ...systemTimers, monotonicMs: () => now },
      random: Math.random,
      onFault: (error) => faults.push(error),
      onAlarms: () => undefined,
    });
    await startDispatcher(dispatcher);
  }

  /** Who lives has been asked, and what followed from it was begun. */
  async function rounds(): Promise<void> {
    const before = asked;
    await until(
      () => asked,
      (count) => count > before + 1,
    );
  }

  const left = async (): Promise<(string | null)[]> => {
    const rows = await store.read(tenant, queries.leasesAfter({ id: '', limit: 1_000 }));
    return rows.map(({ lease_owner }) => lease_owner).sort();
  };

  it('one that starts takes no lease of who lives, and lost its connection just then', async () => {
    await lease('A');
    await start();
    await rounds();
    now += 3_900;
    await rounds();
    live.add('A');
    await rounds();
    now += 5_000;
    await rounds();
    expect(await left()).toEqual(['A']);
    expect(faults).toEqual([]);
  });

  it('one that starts takes the leases of the dead after four seconds', async () => {
    live.add('A');
    await lease('A', 'dead');
    await start();
    now += 3_999;
    await rounds();
    expect(await left()).toEqual(['A', 'dead']);
    now += 1;
    await expect.poll(left, { timeout: 5_000 }).toEqual(['A']);
    expect(faults).toEqual([]);
  });

  it('one that sees another go takes its leases, and those of nobody who is missed for a moment', async () => {
    for (const owner of ['A', 'C']) live.add(owner);
    await lease('A', 'C');
    await start();
    await rounds();
    live.delete('C');
    await rounds();
    expect(await left()).toEqual(['A', 'C']);
    live.delete('A');
    now += 4_000;
    await expect.poll(left, { timeout: 5_000, interval: 20 }).not.toContain('C');
    await rounds();
    live.add('A');
    await rounds();
    now += 4_000;
    await rounds();
    expect(await left()).toEqual(['A']);
    expect(faults).toEqual([]);
  });

  it('leaves to a process that begins meanwhile what that has leased', async () => {
    await lease('gone');
    const read: Store['read'] = async (tenantId, query) => {
      if (query.name === 'leasesAfter' && !live.has('young')) {
        live.add('young');
        await lease('young');
      }
      return await store.read(tenantId, query);
    };
    await start({ read });
    await rounds();
    now += 4_000;
    await expect.poll(left, { timeout: 5_000 }).toEqual(['young']);
    await rounds();
    expect(await left()).toEqual(['young']);
    expect(faults).toEqual([]);
  });

  it('whoever comes back while its leases are taken keeps what it has by then', async () => {
    live.add('A');
    await start();
    await rounds();
    live.delete('A');
    await rounds();
    await lease('A');
    now += 4_000;
    comesBack = 'A';
    await expect.poll(() => live.has('A'), { timeout: 5_000 }).toBe(true);
    await rounds();
    expect(await left()).toEqual(['A']);
  });

  it('leases that could not be taken back are tried again', async () => {
    await lease('dead');
    let isBroken = true;
    const run: Store['run'] = (tenantId, unit, args, options) =>
      isBroken && unit.name === 'dispatch.freeLeases'
        ? Promise.reject(new Error('No room.'))
        : store.run(tenantId, unit, args, options);
    await start({ run });
    now += 4_000;
    await expect.poll(() => faults.length, { timeout: 5_000 }).toBe(1);
    isBroken = false;
    now += 4_000;
    await expect.poll(left, { timeout: 5_000 }).toEqual([]);
  });
});
