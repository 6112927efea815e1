import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { queries } from '../queries.ts';
import type { FeedFetchRow } from '../rows.ts';
import type { Store } from '../store.ts';
import { anActionRow, anEnforcementRow, anId } from './an-action-row.ts';
import { addAction, addEnforcement, removeAction, removeFetch, tellOf, wakeFeed, writeFetch } from './test-units.ts';

const EDGE = { provider: 'edge', action: 'BlockIp' } as const;

const changeBetween = async (store: Store, tenant: string, after: number, until: number): Promise<number | undefined> =>
  (await store.read(tenant, queries.feedChange({ ...EDGE, after, until })))[0]?.sequence;

const aFetch = (differences: Partial<FeedFetchRow> = {}): FeedFetchRow => ({
  id: anId(),
  provider: 'edge',
  list: 'ip',
  key_name: 'gate',
  state: 'underWay',
  number: 1,
  over_at_number: null,
  since: 0,
  sequence: null,
  version: null,
  begun_at: 1,
  got_at: null,
  ...differences,
});

/** What lists for firewalls need of every store. */
export function describeFeeds(storeOf: () => Store): void {
  it('tells whether a list has changed behind a sequence', async () => {
    const [store, tenant] = [storeOf(), randomUUID()];
    const [mine, elsewhere, other] = [
      anActionRow(),
      anActionRow({ provider: 'gate' }),
      anActionRow({ action: 'BlockUrl' }),
    ];
    for (const row of [mine, elsewhere, other]) await store.run(tenant, addAction, row);
    const from = (await store.tenant(tenant)).sequence;
    const tell = (actionId: string | null, type: string): Promise<number> =>
      store.run(tenant, tellOf, { actionId, type });
    for (const { id } of [elsewhere, other]) await tell(id, 'securityAction.started');
    for (const type of ['created', 'attempted', 'completed', 'released']) await tell(mine.id, `securityAction.${type}`);
    const before = await tell(null, 'securityAction.started');
    expect(await changeBetween(store, tenant, from, before)).toBeUndefined();
    const changed = await tell(mine.id, 'securityAction.started');
    expect(await changeBetween(store, tenant, from, changed)).toBe(changed);
    expect(await changeBetween(store, tenant, from, before)).toBeUndefined();
    expect(await changeBetween(store, tenant, changed, changed + 10)).toBeUndefined();
    expect(await changeBetween(store, randomUUID(), 0, changed)).toBeUndefined();
  });

  it('takes a change of an action that was deleted since for a change of every list', async () => {
    const [store, tenant, row] = [storeOf(), randomUUID(), anActionRow()];
    const from = await store.run(tenant, addAction, row);
    const changed = await store.run(tenant, tellOf, { actionId: row.id, type: 'securityAction.expired' });
    await store.run(tenant, removeAction, row);
    expect(await changeBetween(store, tenant, from, changed)).toBe(changed);
  });

  it('keeps each fetch of a list by itself', async () => {
    const [store, tenant] = [storeOf(), randomUUID()];
    const [one, two, other] = [aFetch(), aFetch(), aFetch({ list: 'url' })];
    for (const row of [one, two, other]) await store.run(tenant, writeFetch, row);
    const got: FeedFetchRow = { ...two, state: 'got', over_at_number: 2, sequence: 5, version: 'v', got_at: 3 };
    await store.run(tenant, writeFetch, got);
    const all = queries.feedFetches({ provider: 'edge', list: 'ip' });
    expect(new Set(await store.read(tenant, all))).toEqual(new Set([one, got]));
    await store.run(tenant, removeFetch, one);
    const ofKey = queries.feedFetchesOf({ provider: 'edge', list: 'ip', key_name: 'gate' });
    expect(await store.read(tenant, ofKey)).toEqual([got]);
    expect(await store.read(randomUUID(), all)).toEqual([]);
  });

  it('wakes what waits for a fetch of a list, and nothing else', async () => {
    const [store, tenant] = [storeOf(), randomUUID()];
    let made = 0;
    const add = async (differences: Parameters<typeof anEnforcementRow>[0]): Promise<string> => {
      made += 1;
      const row = anEnforcementRow({ target: `ip:203.0.113.${made}`, due_at: 500, lane: 2, ...differences });
      await store.run(tenant, addEnforcement, row);
      return row.id;
    };
    const waiting = await Promise.all([
      add({ known: 'unknown' }),
      add({ known: 'inForce', holds: 0, lane: 0 }),
      add({ known: 'absent', lane: 1 }),
    ]);
    await add({ known: 'inForce' });
    await add({ known: 'unknown', due_at: null });
    await add({ known: 'unknown', due_at: 50 });
    await add({ known: 'unknown', lease_owner: 'somebody' });
    await add({ known: 'unknown', provider: 'gate' });
    await add({ known: 'unknown', action: 'BlockUrl' });
    const woken = await store.run(tenant, wakeFeed, { ...EDGE, now: 100 });
    expect(new Set(woken.map(({ id }) => id))).toEqual(new Set(waiting));
    for (const id of waiting) {
      const [row] = await store.read(tenant, queries.enforcementById({ id }));
      expect(row).toMatchObject({ due_at: 100, version: 2 });
    }
  });
}
