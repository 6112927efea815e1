import type { Expression } from '../../odata/filter/expression.ts';
import type { ListPosition } from '../../odata/list-query.ts';
import type { OrderKey } from '../../odata/order-by.ts';
import type { WordQuery } from '../../odata/search.ts';
import { type PagePosition, queries } from '../../store/queries.ts';
import type { ActionWalk } from '../../store/walk.ts';
import type { ActionsDeps } from '../actions-deps.ts';
import { LARGEST_PAGE } from '../largest-page.ts';
import { type AnsweredAction, toAnswered } from '../read-actions.ts';
import { idsInOrder, keepOrder } from './kept-order.ts';
import type { Walking } from './next-step.ts';
import { planWalk } from './plan-walk.ts';
import { searchWith } from './search-actions.ts';
import { sortRows } from './sort-rows.ts';
import { countWalk, skipWalk, sortWalk, walkPage, walkText } from './walk-actions.ts';

type Listing = Pick<ActionsDeps, 'store' | 'clock'> & Walking;

/** Which actions, and in which order. */
export interface ListWanted {
  readonly filter: Expression | undefined;
  readonly words: WordQuery | undefined;
  /** Empty: newest first. */
  readonly order: readonly OrderKey[];
}

export interface PageWanted extends ListWanted {
  readonly limit: number;
  readonly skip: number;
  readonly position: ListPosition | undefined;
  /** Whose order it is that is kept. */
  readonly appId: string;
  /** Set where nothing is taken out of the entities, and nothing put in: they may come as text. */
  readonly asText?: { readonly isSeed: boolean } | undefined;
}

export interface ListedPage {
  readonly actions: readonly AnsweredAction[];
  /** The page, instead of `actions`: entities with commas between them, in one piece or several. */
  readonly texts?: readonly Uint8Array[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: ListPosition | undefined;
}

/** To sort more takes too long, and too much memory. */
const MOST_SORTED = 50_000;

/** Such an order is the one in which actions are walked; undefined for any other. */
function directionOf(order: readonly OrderKey[]): boolean | undefined {
  const [first, second, ...more] = order;
  if (!first) return true;
  const isOfCreation = first.path === 'createdDateTime' && more.length === 0;
  const breaksTies = second === undefined || (second.path === 'id' && second.isDescending === first.isDescending);
  return isOfCreation && breaksTies ? first.isDescending : undefined;
}

function walkFor({ filter, words }: ListWanted, isDescending: boolean, now: number): ActionWalk {
  const { ways, from, before, isExact } = planWalk(filter);
  // The index of words leads past the ways.
  const isJudged = !isExact || words !== undefined;
  return { isDescending, ways, from, before, filter: isJudged ? filter : undefined, words, now };
}

async function inOrderOfCreation(
  deps: Listing,
  tenantId: string,
  walk: ActionWalk,
  { position, skip, limit, asText }: PageWanted,
): Promise<ListedPage> {
  let after: PagePosition | undefined = position?.kind === 'behind' ? position : undefined;
  if (skip > 0) {
    const skipped = await skipWalk(deps, tenantId, walk, skip);
    if (skipped.isEnd) return { actions: [], next: undefined };
    after = skipped.after;
  }
  if (asText) {
    const { texts, next } = await walkText(deps, tenantId, walk, { after, limit, isSeed: asText.isSeed });
    return { actions: [], texts, next: next && { kind: 'behind', ...next } };
  }
  const { rows, next } = await walkPage(deps, tenantId, walk, { after, limit });
  return { actions: rows.map(toAnswered), next: next && { kind: 'behind', ...next } };
}

/** So many entities are read at once: 25 MB where all are as large as can be. */
const READ_AT_ONCE = 50;

interface Read {
  readonly actions: readonly AnsweredAction[];
  /** How many of the ids were gone through. */
  readonly count: number;
}

/** As many as make a page. What was deleted since is left out: a page may be shorter for it, or for its size. */
async function read(deps: Listing, tenantId: string, ids: readonly string[]): Promise<Read> {
  const actions: AnsweredAction[] = [];
  let size = 0;
  let count = 0;
  while (count < ids.length && size < LARGEST_PAGE) {
    const some = ids.slice(count, count + READ_AT_ONCE);
    const found = await Promise.all(some.map((id) => deps.store.read(tenantId, queries.entityById({ id }))));
    for (const rows of found) {
      count += 1;
      actions.push(...rows.map(toAnswered));
      size += rows[0]?.entity.length ?? 0;
      if (size >= LARGEST_PAGE) break;
    }
  }
  return { actions, count };
}

async function firstInOrder(deps: Listing, tenantId: string, wanted: PageWanted): Promise<ListedPage> {
  const { order, skip, limit, appId } = wanted;
  const walk = walkFor(wanted, true, deps.clock.now());
  const keys = order.map(({ path }) => path);
  const rows = await sortRows(await sortWalk(deps, tenantId, walk, { keys, most: MOST_SORTED }), order);
  const ids = rows.slice(skip).map(({ id }) => id);
  const { actions, count } = await read(deps, tenantId, ids.slice(0, limit));
  if (ids.length <= count) return { actions, next: undefined };
  const kept = await deps.store.run(tenantId, keepOrder, { ids, appId });
  return { actions, next: { kind: 'place', order: kept, offset: count } };
}

async function laterInOrder(
  deps: Listing,
  tenantId: string,
  position: Extract<ListPosition, { kind: 'place' }>,
  limit: number,
): Promise<ListedPage> {
  const { order, offset } = position;
  const ids = await idsInOrder(deps, tenantId, { id: order, offset, limit: limit + 1 });
  const { actions, count } = await read(deps, tenantId, ids.slice(0, limit));
  return { actions, next: ids.length > count ? { ...position, offset: offset + count } : undefined };
}

/**
 * A page of a list. In the order of creation pages follow each other by key; any other order is found once and kept
 * for its next pages. Either way an action that was there from the start stands on one page, whatever is written
 * meanwhile.
 *
 * @throws {Refusal} invalidQueryOption where it takes too long; expiredToken
 */
export async function listActions(from: Listing, tenantId: string, wanted: PageWanted): Promise<ListedPage> {
  if (wanted.position?.kind === 'place') return await laterInOrder(from, tenantId, wanted.position, wanted.limit);
  const deps = await searchWith(from, tenantId, wanted.words);
  const isDescending = directionOf(wanted.order);
  if (isDescending === undefined) return await firstInOrder(deps, tenantId, wanted);
  return await inOrderOfCreation(deps, tenantId, walkFor(wanted, isDescending, deps.clock.now()), wanted);
}

/** How many actions a list has. @throws {Refusal} invalidQueryOption where they are too many to be counted in time */
export async function countActions(from: Listing, tenantId: string, wanted: ListWanted): Promise<number> {
  const isAll = wanted.filter === undefined && wanted.words === undefined;
  const deps = await searchWith(from, tenantId, wanted.words);
  if (isAll) return (await deps.store.tenant(tenantId)).actionCount;
  return await countWalk(deps, tenantId, walkFor(wanted, true, deps.clock.now()));
}
