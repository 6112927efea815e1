import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../../../../test/postgres.ts';
import { requirement } from '../../../../../test/requirement.ts';
import { wantsWords } from '../../odata/has-words.ts';
import { readSearch } from '../../odata/search.ts';
import { queries } from '../../store/queries.ts';
import { openPostgresStore } from '../../store/sql/postgres-store.ts';
import { databaseFile } from '../../store/sql/sqlite-open.ts';
import { openSqliteStore } from '../../store/sql/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { anActionRow } from '../../store/testing/an-action-row.ts';
import type { ActionWalk } from '../../store/walk.ts';
import { UNITS } from '../../units.ts';
import { createAction } from '../create-action.ts';
import { deleteAction } from '../delete-action.ts';
import { startIndexer } from './run-indexer.ts';
import { searchWith } from './search-actions.ts';
import { naivelyHas } from './testing/naive-search.ts';
import { anyOf, aQuery, entityOf, LARGE, OF_LARGE, random, someTexts } from './testing/random-search.ts';
import { rewriteEntity } from './testing/rewrite-entity.ts';
import { countWalk, walkPage } from './walk-actions.ts';
import { catchUp, standOfIndex } from './word-index.ts';

const SEARCHES = Number(process.env.INTERDICT_SEARCHES ?? 40);
const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };

interface Made {
  readonly id: string;
  readonly created_at: string;
  readonly texts: readonly string[];
}

async function add(store: Store, tenantId: string, texts: readonly string[]): Promise<Made> {
  const row = anActionRow({ entity: entityOf(texts), provider: null, start_at: null });
  await store.run(tenantId, createAction, { row, origin: ORIGIN });
  return { id: row.id, created_at: row.created_at, texts };
}

const walkOf = (search: string, more: Partial<ActionWalk> = {}): ActionWalk => ({
  isDescending: true,
  ways: undefined,
  from: undefined,
  before: undefined,
  filter: undefined,
  words: readSearch(search),
  now: 0,
  ...more,
});

/** All pages of a walk. */
async function idsOf(store: Store, tenantId: string, walk: ActionWalk, limit: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let after: { created_at: string; id: string } | undefined; ; ) {
    const { rows, next } = await walkPage({ store }, tenantId, walk, { after, limit });
    ids.push(...rows.map(({ id }) => id));
    if (!next) return ids;
    after = next;
  }
}

interface UnderTest {
  readonly store: Store;
  cut?(tenantId: string): void;
  discard(): Promise<void>;
}

async function sqlite(): Promise<UnderTest> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-search-'));
  const store = await openSqliteStore({ folder, entry: new URL('./testing/search-thread.ts', import.meta.url) });
  return {
    store,
    cut: (tenantId) => {
      const db = new DatabaseSync(databaseFile(folder), { timeout: 5_000 });
      db.prepare('delete from journal where tenant_id = ? and sequence < 20').run(tenantId);
      db.prepare('delete from word_index where tenant_id = ?').run(tenantId);
      db.prepare('delete from action_words where tenant_id = ?').run(tenantId);
      db.close();
    },
    discard: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function postgres(): Promise<UnderTest> {
  const server = await startPostgres('18');
  const store = await openPostgresStore({ url: server.url, units: [...UNITS, rewriteEntity], facts: {} });
  return {
    store,
    discard: async () => {
      await store.close();
      await server.stop();
    },
  };
}

function describeSearch(name: string, open: () => Promise<UnderTest>): void {
  describe(name, () => {
    let under: UnderTest;
    let store: Store;

    beforeAll(async () => {
      under = await open();
      store = under.store;
    });
    afterAll(() => under?.discard());

    /** One search through the index, row by row, and as the definition says. @returns how many it found */
    async function compare(tenantId: string, made: readonly Made[], search: string): Promise<number> {
      const words = readSearch(search);
      const [from, before] = random() < 0.3 ? [made[40]?.created_at, made[200]?.created_at] : [];
      const walk = walkOf(search, { isDescending: random() < 0.5, from, before });
      const wanted = made
        .filter(({ created_at }) => created_at >= (from ?? '') && created_at < (before ?? '9'))
        .filter(({ texts }) => naivelyHas(words, texts))
        .map(({ id }) => id);
      if (walk.isDescending) wanted.reverse();
      const indexed = await searchWith({ store }, tenantId, words);
      expect(indexed.store !== store, search).toBe(wantsWords(words));
      const limit = anyOf([3, 50, 1_000].slice(wanted.length > 60 ? 1 : 0));
      expect(await idsOf(indexed.store, tenantId, walk, limit), search).toEqual(wanted);
      expect(await idsOf(store, tenantId, walk, 1_000), search).toEqual(wanted);
      expect(await countWalk(indexed, tenantId, walk), search).toBe(wanted.length);
      return wanted.length;
    }

    async function compareMany(tenantId: string, made: readonly Made[]): Promise<void> {
      let found = 0;
      const searches = [...OF_LARGE, ...Array.from({ length: SEARCHES }, () => aQuery(0))];
      for (const search of searches) found += await compare(tenantId, made, search);
      expect(found).toBeGreaterThan(SEARCHES);
    }

    /** Of five actions one is deleted, and one has other texts; some are updated and stay as they are. */
    async function changeSome(tenantId: string, made: readonly Made[]): Promise<readonly Made[]> {
      const nth = (rest: number): readonly Made[] => made.filter((_, index) => index % 5 === rest);
      const gone = nth(0);
      const other = new Map(nth(1).map(({ id }) => [id, someTexts()]));
      const left = made
        .filter((one) => !gone.includes(one))
        .map((one) => ({ ...one, texts: other.get(one.id) ?? one.texts }));
      for (const { id } of gone) await store.run(tenantId, deleteAction, { id, precondition: {}, origin: ORIGIN });
      for (const { id, texts } of left.slice(0, 150)) {
        await store.run(tenantId, rewriteEntity, { id, entity: entityOf(texts) });
      }
      for (const [id, texts] of other) await store.run(tenantId, rewriteEntity, { id, entity: entityOf(texts) });
      return left;
    }

    it('finds the same through the index, row by row, and by the definition', async () => {
      const [tenantId, other] = [randomUUID(), randomUUID()];
      const texts = [...Array.from({ length: 240 }, someTexts), ...LARGE];
      const made: Made[] = [];
      for (const some of texts) made.push(await add(store, tenantId, some));
      for (const some of texts.slice(0, 50)) await add(store, other, some);
      await compareMany(tenantId, made);
      await compareMany(tenantId, await changeSome(tenantId, made));
      const { indexed, written } = await standOfIndex(store, tenantId);
      expect(indexed).toBe(written);
    });

    it('leads to what is searched, and to nothing of another tenant', async () => {
      const [mine, theirs] = [randomUUID(), randomUUID()];
      const { id } = await add(store, mine, ['rare', 'common']);
      await add(store, mine, ['', 'common']);
      await add(store, theirs, ['rare', 'common']);
      for (const tenantId of [mine, theirs]) expect(await catchUp(store, tenantId)).toBe(true);
      const found = async (text: string): Promise<readonly string[]> =>
        (await store.read(mine, queries.wordsFound({ search: readSearch(text), limit: 10 }))).map((row) => row.id);
      expect(await found('rare')).toEqual([id]);
      expect(await found('common NOT rare')).toHaveLength(1);
      expect(await found('common')).toHaveLength(2);
      expect(await found('"rare common"')).toEqual([]);
      expect(await store.read(mine, queries.wordsFound({ search: readSearch('common'), limit: 1 }))).toHaveLength(1);
      await store.run(mine, deleteAction, { id, precondition: {}, origin: ORIGIN });
      expect(await catchUp(store, mine)).toBe(true);
      expect(await found('rare')).toEqual([]);
    });

    it('is brought up to date behind the writes, from the start of a process too', async () => {
      const [early, late] = [randomUUID(), randomUUID()];
      await add(store, early, ['one']);
      const faults: unknown[] = [];
      const indexer = startIndexer({ store, onFault: (error) => faults.push(error) });
      await expect.poll(() => standOfIndex(store, early), { timeout: 5_000 }).toEqual({ indexed: 1, written: 1 });
      await add(store, late, ['two']);
      indexer.note(late);
      await expect.poll(() => standOfIndex(store, late), { timeout: 5_000 }).toEqual({ indexed: 1, written: 1 });
      await indexer.stop();
      expect(faults).toEqual([]);
    });

    it('is made anew from the actions where the journal has been cut', async () => {
      if (!under.cut) return;
      const tenantId = randomUUID();
      const made: Made[] = [];
      for (let index = 0; index < 60; index += 1) made.push(await add(store, tenantId, [`cut n${index}`]));
      under.cut(tenantId);
      const search = readSearch('cut n59 OR n5');
      const wanted = [made[59]?.id, made[5]?.id];
      const ids = async (): Promise<readonly string[]> => {
        const indexed = await searchWith({ store }, tenantId, search);
        return await idsOf(indexed.store, tenantId, walkOf('cut n59 OR n5'), 10);
      };
      expect(await catchUp(store, tenantId)).toBe(false);
      expect(await ids()).toEqual(wanted);
      const indexer = startIndexer({ store, onFault: () => undefined });
      await expect.poll(() => standOfIndex(store, tenantId), { timeout: 5_000 }).toEqual({ indexed: 60, written: 60 });
      await indexer.stop();
      expect(await ids()).toEqual(wanted);
      expect(await store.read(tenantId, queries.wordsFound({ search, limit: 10 }))).toHaveLength(2);
    });
  });
}

describeSearch('search over SQLite', sqlite);
describe.skipIf(!requirement('postgres18').ok)('with a database', () =>
  describeSearch('search over PostgreSQL', postgres),
);
