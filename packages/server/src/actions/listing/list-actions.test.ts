import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirement } from '../../../../../test/requirement.ts';
import { parseFilter } from '../../odata/filter/parse-filter.ts';
import { type RandomSource, randomSource } from '../../odata/filter/testing/random-source.ts';
import type { ListPosition } from '../../odata/list-query.ts';
import { readOrderBy } from '../../odata/order-by.ts';
import { readSearch } from '../../odata/search.ts';
import { createAction } from '../create-action.ts';
import { countActions, type ListWanted, listActions, type PageWanted } from './list-actions.ts';
import { planWalk } from './plan-walk.ts';
import { naiveList } from './testing/naive-list.ts';
import { type OpenedStore, openedPostgres, openedSqlite } from './testing/opened-stores.ts';
import { aFilter, anOrder, aSearch, type RandomRow, randomRow } from './testing/random-list.ts';
import { catchUp } from './word-index.ts';

const SEED = Number(process.env.INTERDICT_LISTS_SEED ?? 41);
const FILTERS = Number(process.env.INTERDICT_LISTS ?? 2_100);
/** Rows of the tables. The last one takes several steps. */
const TABLES = [0, 1, 30, 60, 90, 120, 20, 45, 60, 30, 700];
const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };

interface Table {
  readonly tenantId: string;
  readonly rows: readonly RandomRow[];
}

interface Texts {
  readonly filter: string;
  readonly orderby: string | undefined;
  readonly search: string | undefined;
}

const wantedOf = ({ filter, orderby, search }: Texts): ListWanted => ({
  filter: parseFilter(filter),
  order: orderby === undefined ? [] : readOrderBy(orderby),
  words: search === undefined ? undefined : readSearch(search),
});

const entitiesIn = (texts: readonly Uint8Array[]): readonly { readonly id: string }[] =>
  JSON.parse(`[${texts.map((text) => Buffer.from(text).toString()).join(',')}]`);

function describeLists(name: string, open: () => Promise<OpenedStore>): void {
  describe(name, () => {
    const random = randomSource(SEED);
    let opened: OpenedStore;
    let tables: readonly Table[];
    const deps = () => ({ store: opened.store, clock: { now: () => NOW } });

    async function aTable(size: number): Promise<Table> {
      const tenantId = randomUUID();
      const rows = Array.from({ length: size }, () => randomRow(random));
      const add = ({ row }: RandomRow) => opened.store.run(tenantId, createAction, { row, origin: ORIGIN });
      await Promise.all(rows.map(add));
      if (random.below(2) === 0) await catchUp(opened.store, tenantId);
      return { tenantId, rows };
    }

    async function idsOf(tenantId: string, wanted: Omit<PageWanted, 'position' | 'appId'>): Promise<readonly string[]> {
      const ids: string[] = [];
      let [position, skip]: [ListPosition | undefined, number] = [undefined, wanted.skip];
      do {
        const page = await listActions(deps(), tenantId, { ...wanted, skip, position, appId: 'app' });
        const found = page.texts ? entitiesIn(page.texts) : page.actions;
        expect(found.length).toBeLessThanOrEqual(wanted.limit);
        ids.push(...found.map(({ id }) => id));
        [position, skip] = [page.next, 0];
      } while (position);
      return ids;
    }

    /** @returns how many were found */
    async function compare({ tenantId, rows }: Table, texts: Texts, source: RandomSource): Promise<number> {
      const wanted = wantedOf(texts);
      const entities = rows.map(({ entity }) => entity);
      const expected = naiveList(entities, wanted, NOW);
      const skip = source.below(4) === 0 ? source.below(20) : 0;
      const limit = Math.max(1 + source.below(20), Math.ceil(expected.length / 3));
      const shown = JSON.stringify({ ...texts, skip, limit });
      const asText = source.below(2) === 0 ? { isSeed: source.below(2) === 0 } : undefined;
      expect(await idsOf(tenantId, { ...wanted, skip, limit, asText }), shown).toEqual(expected.slice(skip));
      expect(await countActions(deps(), tenantId, wanted), shown).toBe(expected.length);
      return expected.length;
    }

    beforeAll(async () => {
      opened = await open();
      const made: Table[] = [];
      for (const size of TABLES) made.push(await aTable(size));
      tables = made;
    }, 60_000);
    afterAll(() => opened?.discard());

    it('finds by any filter, in any order, what the reference evaluator finds', { timeout: 120_000 }, async () => {
      const seen = { found: 0, some: 0, onWays: 0, severalWays: 0, exact: 0, kept: 0, searched: 0 };
      for (let index = 0; index < FILTERS; index += 1) {
        const table = tables[index % tables.length] as Table;
        const ids = table.rows.map(({ row }) => row.id);
        const texts = {
          filter: aFilter(random, ['no-such-id', ...ids.slice(0, 8)]),
          orderby: anOrder(random),
          search: aSearch(random),
        };
        const found = await compare(table, texts, random);
        const { ways, isExact } = planWalk(parseFilter(texts.filter));
        seen.found += found;
        seen.some += Number(found > 0);
        seen.onWays += Number(ways !== undefined);
        seen.severalWays += Number(ways !== undefined && ways.length > 1);
        seen.exact += Number(isExact);
        seen.kept += Number(texts.orderby !== undefined && !texts.orderby.startsWith('createdDateTime'));
        seen.searched += Number(texts.search !== undefined);
      }
      console.info(`${name}: ${FILTERS} comparisons`, JSON.stringify(seen));
      for (const count of Object.values(seen)) expect(count).toBeGreaterThan(FILTERS / 20);
    });
  });
}

describeLists('lists over SQLite', openedSqlite);
describe.skipIf(!requirement('postgres18').ok)('with a database', () =>
  describeLists('lists over PostgreSQL', openedPostgres),
);
