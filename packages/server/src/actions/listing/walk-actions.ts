import { Refusal } from '../../errors.ts';
import type { EntityRow, PagePosition } from '../../store/queries.ts';
import type { ActionWalk, SortRow } from '../../store/walk.ts';
import type { ActionsDeps } from '../actions-deps.ts';

/** A page is sent after so long with what was found; the next one goes on from there. */
const PAGE_MS = 1_500;
/** What gives no page must come to its end. */
const WHOLE_MS = 8_000;
/** A thousand actions of 256 KB would stop the process for seconds; as many of 4 KB fit. */
const LARGEST_PAGE = 4 * 1_048_576;
const ALL = 20_000;

export const tooSlow = (target: string, what: string): Refusal =>
  new Refusal(
    'badRequest',
    `${what} takes too long with so many securityActions. Narrow it by a filter on createdDateTime, status, ` +
      'enforcement/target, clientContext or id.',
    { inner: 'invalidQueryOption', target },
  );

export interface WalkedPage {
  readonly rows: readonly EntityRow[];
  /** Where the next page begins, behind this action; undefined where nothing is left. */
  readonly next: PagePosition | undefined;
}

type Walking = Pick<ActionsDeps, 'store'>;

const placeOf = ({ created_at, id }: PagePosition): PagePosition => ({ created_at, id });

/** One more than the page has: whether there is a next page. */
function toPage(rows: readonly EntityRow[], limit: number): WalkedPage {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last ? placeOf(last) : undefined };
}

/** A page of a walk. It may be shorter than asked for, even empty, where it took long or grew large, and go on. */
export async function walkPage(
  { store }: Walking,
  tenantId: string,
  walk: ActionWalk,
  { after: begin, limit }: { readonly after: PagePosition | undefined; readonly limit: number },
): Promise<WalkedPage> {
  const rows: EntityRow[] = [];
  const endsAt = performance.now() + PAGE_MS;
  let after = begin;
  let size = 0;
  for (;;) {
    const wanted = { limit: limit + 1 - rows.length, text: LARGEST_PAGE - size };
    const step = await store.step(tenantId, { walk, after, ...wanted, give: 'entities' });
    rows.push(...step.entities);
    if (step.isEnd || rows.length > limit) return toPage(rows, limit);
    after = step.last ?? after;
    size += step.entities.reduce((sum, { entity }) => sum + entity.length, 0);
    if (size >= LARGEST_PAGE || performance.now() > endsAt) return { rows, next: after };
  }
}

/** How many actions a walk finds. @throws {Refusal} invalidQueryOption where they are too many to be counted in time */
export async function countWalk({ store }: Walking, tenantId: string, walk: ActionWalk): Promise<number> {
  const endsAt = performance.now() + WHOLE_MS;
  let count = 0;
  let after: PagePosition | undefined;
  for (;;) {
    const step = await store.step(tenantId, { walk, after, limit: ALL, give: 'count' });
    count += step.count;
    if (step.isEnd) return count;
    if (performance.now() > endsAt) throw tooSlow(walk.filter ? '$filter' : '$search', 'To count what is found');
    after = step.last;
  }
}

/**
 * The place of the last of so many actions; `isEnd` where there are no more than that.
 * @throws {Refusal} invalidQueryOption
 */
export async function skipWalk(
  { store }: Walking,
  tenantId: string,
  walk: ActionWalk,
  skip: number,
): Promise<{ readonly after: PagePosition | undefined; readonly isEnd: boolean }> {
  const endsAt = performance.now() + WHOLE_MS;
  let left = skip;
  let after: PagePosition | undefined;
  while (left > 0) {
    const step = await store.step(tenantId, { walk, after, limit: Math.min(left, ALL), give: 'count' });
    left -= step.count;
    after = step.last ?? after;
    if (step.isEnd) return { after, isEnd: true };
    if (left > 0 && performance.now() > endsAt) throw tooSlow('$skip', 'To skip so many');
  }
  return { after, isEnd: false };
}

/** Values of everything that a walk finds. @throws {Refusal} invalidQueryOption where that is too much to sort */
export async function sortWalk(
  { store }: Walking,
  tenantId: string,
  walk: ActionWalk,
  { keys, most }: { readonly keys: readonly string[]; readonly most: number },
): Promise<readonly SortRow[]> {
  const endsAt = performance.now() + WHOLE_MS;
  const rows: SortRow[] = [];
  let after: PagePosition | undefined;
  for (;;) {
    const step = await store.step(tenantId, { walk, after, limit: ALL, give: 'keys', keys });
    rows.push(...step.sortRows);
    if (step.isEnd) return rows;
    if (rows.length > most || performance.now() > endsAt) {
      throw tooSlow('$orderby', 'To put this in an order other than that of createdDateTime');
    }
    after = step.last;
  }
}
