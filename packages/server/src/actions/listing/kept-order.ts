import { Refusal } from '../../errors.ts';
import { queries } from '../../store/queries.ts';
import { first, run, unit } from '../../store/work.ts';
import type { ActionsDeps } from '../actions-deps.ts';

/** Ids in one row: what a page needs lies in two of them at most. */
const CHUNK = 1_000;
/** A client has so long from one page to the next, as with Graph's own links. */
const KEPT_MS = 3_600_000;
/** Orders kept for one application at a time: the oldest ones make room. */
const MOST_KEPT = 100;

const chunksOf = (ids: readonly string[]): readonly string[] =>
  Array.from({ length: Math.ceil(ids.length / CHUNK) }, (_, index) =>
    ids.slice(index * CHUNK, (index + 1) * CHUNK).join(' '),
  );

interface KeptFor {
  readonly ids: readonly string[];
  /** Who asked: nobody's orders make room for another's. */
  readonly appId: string;
}

/**
 * Keeps the order in which a list was found, for its next pages: what changes meanwhile moves, but no page shows it
 * twice, and none leaves it out.
 */
export const keepOrder = unit('listing.keepOrder', function* (u, { ids, appId }: KeptFor) {
  const id = u.newId();
  const until = u.now + KEPT_MS;
  const crowd = yield* first(queries.keptOrderBehind({ app_id: appId, kept: MOST_KEPT - 1 }));
  if (crowd) yield* run(queries.deleteKeptOrdersOf({ app_id: appId, until: crowd.until }));
  yield* run(queries.deleteKeptOrders({ until: u.now }));
  yield* run(
    ...chunksOf(ids).map((text, chunk) => queries.insertKeptOrder({ id, chunk, ids: text, app_id: appId, until })),
  );
  return id;
});

const gone = (): Refusal =>
  new Refusal('gone', 'The next page of this list is not kept any more. Ask for the list again.', {
    inner: 'expiredToken',
    target: '$skiptoken',
  });

/**
 * Ids of a kept order from a place on.
 * @throws {Refusal} expiredToken where it is not kept any more
 */
export async function idsInOrder(
  { store }: Pick<ActionsDeps, 'store'>,
  tenantId: string,
  { id, offset, limit }: { readonly id: string; readonly offset: number; readonly limit: number },
): Promise<readonly string[]> {
  const chunk = Math.floor(offset / CHUNK);
  const rows = await store.read(tenantId, queries.keptOrder({ id, chunk, now: store.clock.now() }));
  if (rows.length === 0) throw gone();
  const start = offset - chunk * CHUNK;
  return rows.flatMap(({ ids }) => ids.split(' ')).slice(start, start + limit);
}
