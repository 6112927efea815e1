import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queries } from '../queries.ts';
import type { JournalRow } from '../rows.ts';
import type { Store } from '../store.ts';
import { anActionRow, anEnforcementRow } from './an-action-row.ts';
import { describeChanges } from './describe-changes.ts';
import { describeFeeds } from './describe-feeds.ts';
import { describeLeases } from './describe-leases.ts';
import { describePauses } from './describe-pauses.ts';
import { describeRepeats } from './describe-repeats.ts';
import { describeStrays } from './describe-strays.ts';
import { describeSubscriptions } from './describe-subscriptions.ts';
import {
  addAction,
  addEnforcement,
  appendToEntity,
  removeAction,
  sayDue,
  tellNow,
  writeAndThrow,
} from './test-units.ts';

/** How the suite gets at a real database: opened with `TEST_UNITS`, closed, and opened again on the same rows. */
export interface StoreUnderTest {
  open(): Promise<Store>;
  discard(): Promise<void>;
}

const journalOf = (store: Store, tenantId: string): Promise<readonly JournalRow[]> =>
  store.read(tenantId, queries.journalAfter({ sequence: 0, limit: 10_000 }));

const isContiguous = (rows: readonly JournalRow[]): boolean =>
  rows.every(({ sequence }, index) => sequence === index + 1);

/** What every store must do, on a real database. */
export function describeStore(name: string, setUp: () => Promise<StoreUnderTest>): void {
  describe(`store on ${name}`, () => {
    let under: StoreUnderTest;
    let store: Store;

    beforeAll(async () => {
      under = await setUp();
      store = await under.open();
    });
    afterAll(async () => {
      await store?.close();
      await under?.discard();
    });

    it('shows a change to every read after it resolved', async () => {
      const tenant = randomUUID();
      for (let round = 0; round < 50; round += 1) {
        const row = anActionRow();
        await store.run(tenant, addAction, row);
        const [found] = await store.read(tenant, queries.actionById({ id: row.id }));
        expect(found).toEqual(row);
      }
    });

    it('keeps what resolved when it is closed and opened again', async () => {
      const tenant = randomUUID();
      const row = anActionRow({ entity: '{"text":"ünï — 日本語 — 🚫 \\u0000"}' });
      await store.run(tenant, addAction, row);
      await store.close();
      store = await under.open();
      expect(await store.read(tenant, queries.actionById({ id: row.id }))).toEqual([row]);
      expect(await store.tenant(tenant)).toEqual({ sequence: 1, actionCount: 1 });
    });

    it('lets one bad unit harm none of its neighbours', async () => {
      const tenant = randomUUID();
      const rows = Array.from({ length: 64 }, () => anActionRow());
      const twin = rows[7];
      const outcomes = await Promise.allSettled([
        ...rows.map((row) => store.run(tenant, addAction, row)),
        store.run(tenant, writeAndThrow, anActionRow()),
        ...(twin ? [store.run(tenant, addAction, twin)] : []),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([...rows.map(() => 'fulfilled'), 'rejected', 'rejected']);
      expect(await store.tenant(tenant)).toEqual({ sequence: 64, actionCount: 64 });
      const journal = await journalOf(store, tenant);
      expect(isContiguous(journal)).toBe(true);
      expect(new Set(journal.map(({ action_id }) => action_id))).toEqual(new Set(rows.map(({ id }) => id)));
    });

    it('tells why a unit failed', async () => {
      await expect(store.run(randomUUID(), writeAndThrow, anActionRow())).rejects.toThrow('as planned');
    });

    it('loses no update of two units that read and write one row in one group', async () => {
      const tenant = randomUUID();
      const row = anActionRow({ entity: '' });
      await store.run(tenant, addAction, row);
      const letters = [...'abcdefghijklmnop'];
      await Promise.all(letters.map((text) => store.run(tenant, appendToEntity, { id: row.id, text })));
      const [found] = await store.read(tenant, queries.actionById({ id: row.id }));
      expect([...(found?.entity ?? '')].sort()).toEqual(letters);
      expect(found?.version).toBe(1 + letters.length);
    });

    it('reaches no row of another tenant', async () => {
      const [mine, theirs] = [randomUUID(), randomUUID()];
      const row = anActionRow();
      await store.run(theirs, addAction, row);
      expect(await store.read(mine, queries.actionById({ id: row.id }))).toEqual([]);
      expect(await store.read(mine, queries.entityById({ id: row.id }))).toEqual([]);
      expect(await store.read(mine, queries.newestEntities({ limit: 10 }))).toEqual([]);
      expect(await store.run(mine, appendToEntity, { id: row.id, text: '!' })).toBeUndefined();
      expect(await store.run(mine, removeAction, { id: row.id })).toBe(false);
      expect(await journalOf(store, mine)).toEqual([]);
      expect(await store.read(theirs, queries.actionById({ id: row.id }))).toEqual([row]);
    });

    it('lets two tenants use one id and one key', async () => {
      const row = anActionRow({ key_hash: 'k', key_fingerprint: 'f', key_until: 1 });
      const tenants = [randomUUID(), randomUUID()];
      await Promise.all(tenants.map((tenant) => store.run(tenant, addAction, row)));
      for (const tenant of tenants) {
        const [found] = await store.read(tenant, queries.actionByKey({ key_hash: 'k' }));
        expect(found).toMatchObject({ id: row.id, key_fingerprint: 'f', key_until: 1 });
      }
    });

    it('refuses the second of two actions under one key', async () => {
      const tenant = randomUUID();
      const keyed = (): ReturnType<typeof anActionRow> => anActionRow({ key_hash: 'same' });
      const outcomes = await Promise.allSettled([
        store.run(tenant, addAction, keyed()),
        store.run(tenant, addAction, keyed()),
      ]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('counts a journal without gaps for each tenant', async () => {
      const tenants = Array.from({ length: 5 }, () => randomUUID());
      await Promise.all(
        Array.from({ length: 200 }, (_, index) => store.run(tenants[index % 5] ?? '', addAction, anActionRow())),
      );
      for (const tenant of tenants) {
        const journal = await journalOf(store, tenant);
        expect(journal).toHaveLength(40);
        expect(isContiguous(journal)).toBe(true);
      }
    });

    it('pages newest first, by key, text compared byte by byte', async () => {
      const tenant = randomUUID();
      const times = ['2017-01-01T00:02:37.4463080Z', '2017-01-01T00:02:37.4463081Z', '2026-01-01T00:00:00.0000000Z'];
      const rows = times.map((created_at) => anActionRow({ created_at }));
      for (const row of rows) await store.run(tenant, addAction, row);
      const [newest, ...rest] = await store.read(tenant, queries.newestEntities({ limit: 3 }));
      expect([newest, ...rest].map((row) => row?.created_at)).toEqual([...times].reverse());
      const after = await store.read(
        tenant,
        queries.entitiesAfter({ created_at: newest?.created_at ?? '', id: newest?.id ?? '', limit: 3 }),
      );
      expect(after).toEqual(rest);
    });

    it('orders a feed by bytes, not by language', async () => {
      const tenant = randomUUID();
      const targets = ['domain:Z', 'domain:a', 'domain:a-b', 'domain:ab', 'domain:é'];
      for (const target of [...targets].reverse()) {
        await store.run(tenant, addEnforcement, anEnforcementRow({ action: 'BlockDomain', target }));
      }
      const entries = await store.read(
        tenant,
        queries.feedEntries({ provider: 'edge', action: 'BlockDomain', after: '', limit: 10 }),
      );
      expect(entries.map(({ target }) => target)).toEqual(targets);
    });

    it('reads a long list as of one moment while others write', async () => {
      const tenant = randomUUID();
      for (let index = 0; index < 30; index += 1) {
        const target = `ip:203.0.113.${String(index).padStart(3, '0')}`;
        await store.run(tenant, addEnforcement, anEnforcementRow({ target }));
      }
      let writes: Promise<unknown> | undefined;
      const { rows } = await store.scan(tenant, [
        (last: { target: string } | undefined) => {
          // The first slice is asked for inside the scan: what is written from here on is not of its moment.
          if (last === undefined)
            return queries.feedEntries({ provider: 'edge', action: 'BlockIp', after: '', limit: 2_000 });
          throw new Error('One slice was enough.');
        },
        (last: { id: string } | undefined, limit: number) => {
          writes ??= store.run(tenant, addEnforcement, anEnforcementRow({ target: 'ip:198.51.100.1' }));
          return last === undefined
            ? queries.firstEnforcements({ limit })
            : queries.enforcementsAfter({ id: last.id, limit });
        },
      ]);
      await writes;
      expect(rows[0]).toHaveLength(30);
      expect(rows[1]).toHaveLength(30);
    });

    it('reads a list of more than one slice whole', async () => {
      const tenant = randomUUID();
      await Promise.all(Array.from({ length: 4_100 }, () => store.run(tenant, addAction, anActionRow())));
      const { rows, sequence } = await store.scan(tenant, [
        (last: { created_at: string; id: string } | undefined, limit: number) =>
          last === undefined
            ? queries.newestEntities({ limit })
            : queries.entitiesAfter({ created_at: last.created_at, id: last.id, limit }),
      ]);
      expect(sequence).toBe(4_100);
      expect(new Set(rows[0].map(({ id }) => id)).size).toBe(4_100);
    });

    it('names the tenants for which something is due, longest due first', async () => {
      const [early, late, none] = [randomUUID(), randomUUID(), randomUUID()];
      await store.run(late, sayDue, { at: -1_000, nothingElse: false });
      await store.run(late, sayDue, { at: 5_000, nothingElse: false });
      await store.run(early, sayDue, { at: -2_000, nothingElse: false });
      await store.run(none, sayDue, { at: -3_000, nothingElse: false });
      await store.run(none, sayDue, { at: 1, nothingElse: true });
      expect(await store.dueTenants(0, 10)).toEqual([early, late]);
      expect(await store.dueTenants(0, 1)).toEqual([early]);
      const [first = '', second = ''] = [early, late].sort();
      expect(await store.dueTenantsAfter(0, '', 1)).toEqual([first]);
      expect(await store.dueTenantsAfter(0, first, 5)).toEqual([second]);
      expect(await store.dueTenantsAfter(0, second, 5)).toEqual([]);
    });

    it('lets an urgent unit overtake those that wait', async () => {
      const tenant = randomUUID();
      const order: string[] = [];
      const ordinary = Array.from({ length: 1_000 }, () =>
        store.run(tenant, addAction, anActionRow()).then(() => order.push('ordinary')),
      );
      await new Promise((resolve) => setImmediate(resolve));
      const urgent = store.run(tenant, addAction, anActionRow(), { urgent: true }).then(() => order.push('urgent'));
      await Promise.all([...ordinary, urgent]);
      expect(order.indexOf('urgent')).toBeLessThan(700);
    });

    it('gives units the time of day', async () => {
      const before = Date.now();
      const now = await store.run(randomUUID(), tellNow, undefined);
      expect(now).toBeGreaterThanOrEqual(before - 1_000);
      expect(now).toBeLessThanOrEqual(Date.now() + 1_000);
    });

    it('has a clock that is not ahead of what units are told, and hardly behind', async () => {
      const rounding = 2;
      const before = store.clock.now();
      const now = await store.run(randomUUID(), tellNow, undefined);
      expect(before).toBeLessThanOrEqual(now + rounding);
      expect(store.clock.now()).toBeGreaterThan(now - 500);
    });

    it('tells who holds the effects between two that not too many hold', async () => {
      const tenant = randomUUID();
      const held: string[] = [];
      for (const [index, holds] of [2, 3, 1].entries()) {
        const row = anEnforcementRow({ target: `ip:203.0.113.${index}`, holds });
        await store.run(tenant, addEnforcement, row);
        for (let count = 0; count < holds; count += 1) {
          await store.run(tenant, addAction, anActionRow({ enforcement_id: row.id, hold: 'active', hold_until: 5 }));
        }
        await store.run(tenant, addAction, anActionRow({ enforcement_id: row.id, hold: 'ended' }));
        held.push(row.id);
      }
      const between = queries.holdsBetween({ from: held[0] ?? '', to: held[2] ?? '', most: 2 });
      const found = await store.read(tenant, between);
      expect(found.map(({ enforcement_id }) => enforcement_id)).toEqual([held[0], held[0], held[2]]);
      expect(new Set(found.map(({ id }) => id)).size).toBe(3);
    });

    describeFeeds(() => store);
    describePauses(() => store);
    describeRepeats(() => store);
    describeStrays(() => store);
    describeSubscriptions(() => store);

    describeChanges(() => store);

    describeLeases(() => store);

    it('counts itself among the processes that may hold leases', async () => {
      expect(await store.liveLeaseOwners()).toContain(store.leaseOwner);
    });
  });
}
