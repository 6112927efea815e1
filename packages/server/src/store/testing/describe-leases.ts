import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { queries } from '../queries.ts';
import type { EnforcementRow } from '../rows.ts';
import type { Store } from '../store.ts';
import { anEnforcementRow } from './an-action-row.ts';
import { addEnforcement } from './test-units.ts';

/** What every store tells of leases that ran out. */
export function describeLeases(theStore: () => Store): void {
  it("finds leases that ran out, in whatever lane, and when the next one does: the provider's and the tenant's own", async () => {
    const store = theStore();
    const [tenant, other] = [randomUUID(), randomUUID()];
    const lease = { lease_owner: 'me', leased_at: 1, lease_call: 'apply' } as const;
    const row = (target: string, more: Partial<EnforcementRow>): EnforcementRow =>
      anEnforcementRow({ target, ...lease, ...more });
    const [over, looking] = [row('ip:203.0.113.1', { due_at: 10 }), row('ip:203.0.113.2', { due_at: 20, lane: 2 })];
    const rows = [
      over,
      looking,
      row('ip:203.0.113.3', { due_at: 31 }),
      row('ip:203.0.113.4', { due_at: 5, lease_owner: null }),
      row('ip:203.0.113.5', { due_at: 5, provider: 'core' }),
    ];
    for (const each of rows) await store.run(tenant, addEnforcement, each);
    await store.run(other, addEnforcement, row('ip:203.0.113.6', { due_at: 1, provider: 'edge' }));
    const overdue = queries.overdueLeases({ provider: 'edge', now: 30, limit: 9 });
    expect((await store.read(tenant, overdue)).map(({ id }) => id).sort()).toEqual([over.id, looking.id].sort());
    expect(await store.read(tenant, queries.overdueLeases({ provider: 'edge', now: 30, limit: 1 }))).toHaveLength(1);
    expect(await store.read(tenant, queries.nextLease({ provider: 'edge' }))).toEqual([{ due_at: 10 }]);
    expect(await store.read(other, queries.nextLease({ provider: 'core' }))).toEqual([]);
  });

  it('keeps effects that were under way when processes died apart from all others, and gives the least suspect first', async () => {
    const store = theStore();
    const tenant = randomUUID();
    const row = (target: string, abandoned: number, more: Partial<EnforcementRow> = {}): EnforcementRow =>
      anEnforcementRow({ target, abandoned, due_at: 10, ...more });
    const [once, twice, often] = [row('ip:203.0.113.1', 1), row('ip:203.0.113.2', 2), row('ip:203.0.113.3', 4)];
    const others = [
      row('ip:203.0.113.4', 3, { due_at: 99 }),
      row('ip:203.0.113.5', 3, { lane: 0 }),
      row('ip:203.0.113.6', 3, { provider: 'core' }),
    ];
    for (const each of [often, once, twice, ...others]) await store.run(tenant, addEnforcement, each);
    const at = { provider: 'edge', lane: 1, now: 30, limit: 9 } as const;
    const idsOf = (rows: readonly EnforcementRow[]): string[] => rows.map(({ id }) => id);
    expect(idsOf(await store.read(tenant, queries.dueSuspects(at)))).toEqual([twice.id, often.id]);
    expect(idsOf(await store.read(tenant, queries.dueEnforcements(at)))).toEqual([once.id]);
    expect(await store.read(randomUUID(), queries.dueSuspects(at))).toEqual([]);
  });
}
