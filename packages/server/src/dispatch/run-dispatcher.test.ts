import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connector } from '@interdict/connectors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../../test/server.ts';
import { systemTimers } from '../lib/timers.ts';
import { createMetrics } from '../observe/metrics.ts';
import { createHealthBoard } from '../observe/provider-health.ts';
import type { Hint } from '../store/process-hints.ts';
import { queries } from '../store/queries.ts';
import type { EnforcementRow } from '../store/rows.ts';
import { openSqliteStore } from '../store/sql/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { anActionRow, anEnforcementRow } from '../store/testing/an-action-row.ts';
import { addAction, addEnforcement, sayDue } from '../store/testing/test-units.ts';
import { createDispatcher, type DispatchedProvider, type Dispatcher } from './dispatcher.ts';
import { startDispatcher, stopDispatcher } from './run-dispatcher.ts';
import type { Terms } from './terms.ts';

const FAR = Date.now() + 600_000;

const TERMS: Terms = {
  provider: 'edge',
  probes: true,
  seesForeign: false,
  keepsTime: false,
  repeats: true,
  verification: 'readBack',
  latenessMs: 0,
  timeoutMs: 1_000,
  deadlineMs: 1_000,
  verifyEveryMs: null,
  lists: true,
  irreversible: [],
};

/** A product of which only the list is asked: it has everything that anybody wants. */
function aListing(onList: (tenantId: string) => void): Connector {
  const never = (): Promise<never> => Promise.reject(new Error('Nothing is due.'));
  return {
    traits: {
      actions: [],
      verification: 'readBack',
      idempotence: 'setlike',
      probe: 'byTarget',
      seesForeign: false,
      keepsTime: false,
      maxLatenessMs: 0,
      timeoutMs: 1_000,
      limits: { concurrency: 4 },
      simulated: true,
    },
    apply: never,
    release: never,
    verify: never,
    list: async (tenantId) => {
      onList(tenantId);
      return [{ action: 'BlockIp', target: { kind: 'ip', value: '203.0.113.9' }, foreign: false }];
    },
    close: async () => undefined,
  };
}

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
    if (dispatcher) await stopDispatcher(dispatcher, 6_000);
    await store.close();
    rmSync(folder, { recursive: true });
  });

  async function start(over: Store, providers: readonly DispatchedProvider[] = []): Promise<void> {
    faults.length = 0;
    dispatcher = createDispatcher({
      store: over,
      providers,
      refusalFor: () => undefined,
      health: createHealthBoard(),
      metrics: createMetrics(),
      timers: systemTimers,
      random: Math.random,
      onFault: (error) => faults.push(error),
      onAlarms: () => undefined,
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

  /** A store on which another process works too, of which only its hints tell. */
  function sharedStore(): { readonly over: Store; readonly hint: (tenantId: string, hint: Hint) => void } {
    const listeners: ((tenantId: string, hint: Hint) => void)[] = [];
    const hints = {
      tell: () => undefined,
      hear: (listener: (typeof listeners)[number]) => void listeners.push(listener),
    };
    return {
      over: { ...store, hints, dueTenants: async () => [] },
      hint: (tenantId, hint) => {
        for (const listener of listeners) listener(tenantId, hint);
      },
    };
  }

  it('looks at what another process cannot begin as soon as it is told', async () => {
    const tenant = randomUUID();
    const { over, hint } = sharedStore();
    const taken: string[] = [];
    const run: Store['run'] = (tenantId, unit, args, options) => {
      taken.push(`${unit.name} ${tenantId}`);
      return store.run(tenantId, unit, args, options);
    };
    await start({ ...over, run });
    await delay(1_100);
    hint(tenant, 'changed');
    await delay(100);
    expect(taken).toEqual([]);
    hint(tenant, 'work');
    await expect.poll(() => taken, { timeout: 3_000 }).toEqual([`dispatch.takeDue ${tenant}`]);
  });

  it('comes to every tenant, however many have been due for longer', async () => {
    const tenants = Array.from({ length: 230 }, () => randomUUID());
    const stuck = tenants.slice(0, 100);
    for (const tenant of tenants) await store.run(tenant, sayDue, { at: 1, nothingElse: true });
    const taken = new Set<string>();
    const run: Store['run'] = (tenantId, unit, args, options) => {
      taken.add(tenantId);
      return store.run(tenantId, unit, args, options);
    };
    await start({ ...store, run, dueTenants: async () => stuck });
    await expect.poll(() => taken.size, { timeout: 10_000 }).toBe(tenants.length);
  });

  it('breaks a call off that is unwanted by what another process tells, however young it is', async () => {
    const tenant = randomUUID();
    const { over, hint } = sharedStore();
    await start(over);
    const lease = { lease_owner: store.leaseOwner, leased_at: 1, lease_until: FAR, lease_call: 'apply' } as const;
    const unwanted = { holds: 0, release_wished_at: 1, due_at: FAR } as const;
    const ledger = anEnforcementRow({ ...lease, ...unwanted });
    await store.run(tenant, addEnforcement, ledger);
    const abort = new AbortController();
    // Too young for the rounds that look by themselves.
    const call = { tenantId: tenant, abort, kind: 'apply', since: Number.POSITIVE_INFINITY } as const;
    dispatcher?.calls.set(ledger.id, call);
    await delay(1_100);
    hint(tenant, 'changed');
    expect(abort.signal.aborted).toBe(false);
    hint(tenant, 'ended');
    await until(
      () => abort.signal.aborted,
      (aborted) => aborted,
      2_000,
    );
    dispatcher?.calls.clear();
  });

  it('tells of a list that cannot be had, and lists those of the other tenants all the same', async () => {
    const [bad = '', ...good] = [randomUUID(), randomUUID(), randomUUID()].sort();
    const asked: string[] = [];
    const row = (): EnforcementRow => anEnforcementRow({ known: 'inForce', due_at: null });
    for (const tenant of [bad, ...good]) {
      await store.run(tenant, addEnforcement, row());
      await store.run(tenant, sayDue, { at: FAR, nothingElse: true });
    }
    const connector = aListing((tenant) => {
      asked.push(tenant);
      if (tenant === bad) throw new Error('There is no list now.');
    });
    const tenants = undefined;
    await start(store, [{ key: 'edge', terms: TERMS, connector, tenants, reconcileEveryMs: 600_000 }]);
    await until(
      () => faults.length,
      (count) => count > 0,
    );
    expect(asked.sort()).toEqual([bad, ...good]);
    expect(faults).toMatchObject([
      { message: expect.stringMatching(/"edge".* 1 tenant/), errors: [{ message: 'There is no list now.' }] },
    ]);
  });
});
