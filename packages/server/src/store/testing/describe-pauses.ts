import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { queries } from '../queries.ts';
import type { DispatchPauseRow } from '../rows.ts';
import type { Store } from '../store.ts';
import { anActionRow, anEnforcementRow } from './an-action-row.ts';
import { addAction, addEnforcement, addPause, endPauseOf, moveEndOf, pruneEnded } from './test-units.ts';

const aPause = (of: Partial<DispatchPauseRow> = {}): DispatchPauseRow => ({
  id: randomUUID(),
  provider: '',
  kind: 'stopped',
  reason: 'A drill.',
  app_id: 'app',
  user_name: null,
  since: 1_000,
  until: null,
  ...of,
});

/** Pauses of the dispatch, and what is looked for while one lasts. */
export function describePauses(open: () => Store): void {
  it('tells which pauses last, each tenant its own, and at most one of a kind for a provider', async () => {
    const store = open();
    const tenant = randomUUID();
    const [all, edge] = [aPause(), aPause({ provider: 'edge', kind: 'restored' })];
    for (const row of [edge, all]) await store.run(tenant, addPause, row);
    await expect(store.run(tenant, addPause, aPause())).rejects.toThrow();
    expect(await store.read(tenant, queries.lastingPauses({}))).toEqual([all, edge]);
    expect(await store.read(randomUUID(), queries.lastingPauses({}))).toEqual([]);
    await store.run(tenant, endPauseOf, { id: all.id, until: 2_000 });
    await expect(store.run(tenant, endPauseOf, { id: all.id, until: 3_000 })).rejects.toThrow();
    expect(await store.read(tenant, queries.lastingPauses({}))).toEqual([edge]);
    await store.run(tenant, addPause, aPause({ since: 4_000 }));
    expect((await store.read(tenant, queries.lastingPauses({}))).length).toBe(2);
  });

  it('tells which pauses of a provider, or of all, took time since a moment', async () => {
    const store = open();
    const tenant = randomUUID();
    const rows = [
      aPause({ since: 1_000, until: 2_000 }),
      aPause({ since: 3_000, until: 4_000, provider: 'edge' }),
      aPause({ since: 3_500, until: 9_000, provider: 'other' }),
      aPause({ since: 5_000 }),
    ];
    for (const row of rows) await store.run(tenant, addPause, row);
    expect(await store.read(tenant, queries.pausesSince({ provider: 'edge', since: 2_000 }))).toEqual([
      rows[1],
      rows[3],
    ]);
  });

  it('forgets those that ended until a moment, the oldest first, and never one that lasts', async () => {
    const store = open();
    const [tenant, other] = [randomUUID(), randomUUID()];
    expect(await store.read(tenant, queries.oldestEndedPause({}))).toEqual([]);
    const rows = [
      aPause({ since: 5_000, until: 6_000 }),
      aPause({ since: 1_000, until: 2_000 }),
      aPause({ since: 3_000, until: 4_000, provider: 'edge' }),
      aPause({ since: 1 }),
    ];
    for (const row of rows) await store.run(tenant, addPause, row);
    await store.run(other, addPause, aPause({ since: 1_000, until: 2_000 }));
    expect(await store.read(tenant, queries.oldestEndedPause({}))).toEqual([{ until: 2_000 }]);
    const gone = async (limit: number): Promise<unknown> =>
      await store.run(tenant, pruneEnded, { until: 4_000, limit });
    expect([await gone(1), await gone(9), await gone(9)]).toEqual([1, 1, 0]);
    const left = await store.read(tenant, queries.allPauses({}));
    expect([...left].sort((a, b) => a.since - b.since)).toEqual([
      { since: 1, until: null },
      { since: 5_000, until: 6_000 },
    ]);
    expect(await store.read(other, queries.allPauses({}))).toHaveLength(1);
  });

  it('finds ends behind a place, whichever moments they share, and moves one without a new version', async () => {
    const store = open();
    const tenant = randomUUID();
    const rows = [10, 20, 20, 20, 30, 99].map((end_at) => anActionRow({ end_at, start_at: null }));
    for (const row of rows) await store.run(tenant, addAction, row);
    const due = rows.filter(({ end_at }) => (end_at ?? 0) < 50);
    const ordered = due.sort((a, b) => (a.end_at ?? 0) - (b.end_at ?? 0) || (a.id < b.id ? -1 : 1));
    const places = ordered.map(({ id, end_at }) => ({ id, end_at }));
    const found: unknown[] = [];
    for (let place = { id: '', end_at: 0 }; ; ) {
      const page = await store.read(tenant, queries.endedActionsAfter({ ...place, now: 50, limit: 2 }));
      found.push(...page);
      const last = page.at(-1);
      if (!last) break;
      place = last;
    }
    expect(found).toEqual(places);
    const [first] = ordered;
    if (!first) throw new Error('There is none.');
    await store.run(tenant, moveEndOf, { id: first.id, version: first.version, end_at: 77 });
    expect(await store.read(tenant, queries.actionById({ id: first.id }))).toEqual([{ ...first, end_at: 77 }]);
    const stale = { id: first.id, version: first.version + 1, end_at: 78 };
    await expect(store.run(tenant, moveEndOf, stale)).rejects.toThrow();
  });

  it('finds releases that were wished after a moment, and leases of applies that ran out', async () => {
    const store = open();
    const tenant = randomUUID();
    const add = async (of: Parameters<typeof anEnforcementRow>[0]): Promise<string> => {
      const row = anEnforcementRow({ target: `ip:${randomUUID()}`, due_at: 5, ...of });
      await store.run(tenant, addEnforcement, row);
      return row.id;
    };
    const release = { lane: 0, holds: 0 } as const;
    await add({ ...release, release_wished_at: 100 });
    const later = await add({ ...release, release_wished_at: 101 });
    const leased = await add({ ...release, due_at: 6, release_wished_at: 1, lease_owner: 'gone' });
    await add({ ...release, due_at: 51, release_wished_at: 101 });
    await add({ lane: 1 });
    const overdue = await add({ lane: 1, lease_owner: 'gone' });
    const at = { provider: 'edge', now: 50, limit: 9 };
    const releases = await store.read(tenant, queries.dueReleasesSince({ ...at, since: 100 }));
    expect(releases.map(({ id }) => id)).toEqual([later, leased]);
    expect((await store.read(tenant, queries.overdueApplies(at))).map(({ id }) => id)).toEqual([overdue]);
  });
}
