import { Refusal } from '../../errors.ts';
import { wantsWords } from '../../odata/has-words.ts';
import type { WordQuery } from '../../odata/search.ts';
import { type PagePosition, queries } from '../../store/queries.ts';
import { CommitUnknown, type Store } from '../../store/store.ts';
import type { ActionWalk, Step, StepCall } from '../../store/walk.ts';
import { catchUp } from './word-index.ts';

/** What more actions have is found as quickly by looking at one after the other. */
const MOST_FOUND = 5_000;
/** Actions that are looked at in one step: fewer than a step takes at most. */
const LOOKED_AT = 150;

const isBehind = (one: PagePosition, other: PagePosition): boolean =>
  one.created_at === other.created_at ? one.id > other.id : one.created_at > other.created_at;

const isWithin = ({ created_at }: PagePosition, { from, before }: ActionWalk): boolean =>
  (from === undefined || created_at >= from) && (before === undefined || created_at < before);

/** How many of the places, which are in order, lie not behind one. */
function passed(places: readonly PagePosition[], after: PagePosition): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBehind(places[middle] as PagePosition, after)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where the next step begins and ends, in the direction of the walk. */
function nextPlaces(places: readonly PagePosition[], { walk, after }: StepCall): readonly PagePosition[] {
  if (!walk.isDescending) {
    const begin = after ? passed(places, after) : 0;
    return places.slice(begin, begin + LOOKED_AT);
  }
  const behind = after ? passed(places, after) : places.length;
  const isThere = after !== undefined && places[behind - 1]?.id === after.id;
  const end = isThere ? behind - 1 : behind;
  return places.slice(Math.max(0, end - LOOKED_AT), end).reverse();
}

const NOTHING: Step = { entities: [], sortRows: [], count: 0, last: undefined, isEnd: true };

/** One step through the places alone. Which of them are really wanted is judged on each action. */
async function stepThrough(
  store: Store,
  tenantId: string,
  places: readonly PagePosition[],
  call: StepCall,
): Promise<Step> {
  const next = nextPlaces(places, call);
  const last = next.at(-1);
  if (!last) return NOTHING;
  const among = next.filter((place) => isWithin(place, call.walk)).map(({ id }) => id);
  const step = await store.step(tenantId, { ...call, walk: { ...call.walk, among } });
  if (!step.isEnd) return step;
  return { ...step, last, isEnd: next.length < LOOKED_AT };
}

/** Where nothing can be written, what is stored can still be searched. */
async function isCaughtUp(store: Store, tenantId: string): Promise<boolean> {
  try {
    return await catchUp(store, tenantId);
  } catch (error) {
    if (error instanceof Refusal || error instanceof CommitUnknown) return false;
    throw error;
  }
}

/** The places of all actions that a search may find, oldest first; undefined where the index does not lead there. */
async function placesOf(
  store: Store,
  tenantId: string,
  search: WordQuery,
): Promise<readonly PagePosition[] | undefined> {
  if (!wantsWords(search) || !(await isCaughtUp(store, tenantId))) return undefined;
  const found = await store.read(tenantId, queries.wordsFound({ search, limit: MOST_FOUND + 1 }));
  if (found.length > MOST_FOUND) return undefined;
  return [...found].sort((one, other) => (isBehind(one, other) ? 1 : -1));
}

/**
 * Walks through a tenant's actions that go along the index of words, where it leads to few enough; else every action
 * on the way is judged. Either way the same is found.
 */
export async function searchWith<Deps extends { readonly store: Store }>(
  deps: Deps,
  tenantId: string,
  search: WordQuery | undefined,
): Promise<Deps> {
  const { store } = deps;
  const places = search && (await placesOf(store, tenantId, search));
  if (!places) return deps;
  return { ...deps, store: { ...store, step: (tenant, call) => stepThrough(store, tenant, places, call) } };
}
