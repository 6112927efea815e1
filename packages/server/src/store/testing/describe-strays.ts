import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { queries } from '../queries.ts';
import type { PastEffectRow, StrayRow } from '../rows.ts';
import type { Store } from '../store.ts';
import { anEnforcementRow } from './an-action-row.ts';
import { addEnforcement, addPastEffect, addStray, removePastEffect, removeStray } from './test-units.ts';

const NAME = { provider: 'edge', action: 'BlockIp' } as const;

const aPast = (target: string, released_at: number): PastEffectRow => ({
  ...NAME,
  target,
  enforcement_id: randomUUID(),
  released_at,
});

const aStray = (id: string, of: Partial<StrayRow> = {}): StrayRow => ({
  id,
  ...NAME,
  target: `ip:${id}`,
  was_ours: 0,
  seen_at: 1,
  ...of,
});

/** Effects that are over, and entries that nobody wants. */
export function describeStrays(storeOf: () => Store): void {
  it('remembers of an effect when it was over last, for each tenant by itself', async () => {
    const [store, tenant] = [storeOf(), randomUUID()];
    const [older, newer, other] = [aPast('ip:1', 1_000), aPast('ip:1', 3_000), aPast('ip:2', 2_000)];
    for (const row of [older, other, newer]) await store.run(tenant, addPastEffect, row);
    const key = { ...NAME, target: 'ip:1' };
    expect(await store.read(tenant, queries.pastEffectOf(key))).toEqual([newer]);
    expect(await store.read(randomUUID(), queries.pastEffectOf(key))).toEqual([]);
    expect(await store.read(randomUUID(), queries.pastEffectAt(NAME))).toEqual([]);
    expect(await store.read(tenant, queries.pastEffectAt({ provider: 'gate' }))).toEqual([]);
    expect((await store.read(tenant, queries.pastEffectAt(NAME))).length).toBe(1);
    expect(await store.read(tenant, queries.pastEffectsUntil({ until: 2_001, limit: 9 }))).toEqual([
      { ...NAME, target: 'ip:2' },
    ]);
    expect((await store.read(tenant, queries.pastEffectsUntil({ until: 9_000, limit: 1 }))).length).toBe(1);
    await store.run(randomUUID(), removePastEffect, key);
    expect((await store.read(tenant, queries.pastEffectOf(key))).length).toBe(1);
    await store.run(tenant, removePastEffect, key);
    expect(await store.read(tenant, queries.pastEffectOf(key))).toEqual([]);
  });

  it('keeps one stray of an effect, and tells them by id and by effect', async () => {
    const [store, tenant] = [storeOf(), randomUUID()];
    const [a, b, c] = [aStray('a'), aStray('b', { was_ours: 1 }), aStray('c', { provider: 'gate' })];
    for (const row of [c, a, b]) await store.run(tenant, addStray, row);
    await expect(store.run(tenant, addStray, { ...a, id: 'd' })).rejects.toThrow();
    expect(await store.read(tenant, queries.straysAfter({ id: '', limit: 9 }))).toEqual([a, b, c]);
    expect(await store.read(tenant, queries.straysAfter({ id: 'a', limit: 1 }))).toEqual([b]);
    expect(await store.read(tenant, queries.straysAt({ ...NAME, action: '', target: '', limit: 9 }))).toEqual([a, b]);
    expect(await store.read(tenant, queries.straysAt({ ...NAME, target: a.target, limit: 9 }))).toEqual([b]);
    expect(await store.read(tenant, queries.strayOf({ ...NAME, target: b.target }))).toEqual([b]);
    expect(await store.read(randomUUID(), queries.straysAfter({ id: '', limit: 9 }))).toEqual([]);
    await store.run(randomUUID(), removeStray, { id: 'a' });
    await store.run(tenant, removeStray, { id: 'b' });
    expect(await store.read(tenant, queries.straysAfter({ id: '', limit: 9 }))).toEqual([a, c]);
  });

  it('tells every effect of the ledger at a provider, in the order of its name', async () => {
    const [store, tenant] = [storeOf(), randomUUID()];
    const rows = [
      anEnforcementRow({ target: 'ip:2', known: 'inForce', holds: 1 }),
      anEnforcementRow({ target: 'ip:1', known: 'absent', holds: 0 }),
      anEnforcementRow({ target: 'ip:3', provider: 'gate' }),
    ];
    for (const row of rows) await store.run(tenant, addEnforcement, row);
    const told = ({ id, action, target, known, holds }: (typeof rows)[number]) => ({
      id,
      action,
      target,
      known,
      holds,
    });
    const found = await store.read(tenant, queries.effectsAfter({ ...NAME, action: '', target: '', limit: 9 }));
    expect(found).toEqual([rows[1], rows[0]].flatMap((row) => (row ? [told(row)] : [])));
    expect((await store.read(tenant, queries.effectsAfter({ ...NAME, target: 'ip:1', limit: 9 }))).length).toBe(1);
  });
}
