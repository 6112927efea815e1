import type { FeedMarkRow } from '../store/queries.ts';
import type { FeedFetchRow } from '../store/rows.ts';
import { mayHave, surelyHas } from './feed-holders.ts';

/** What a bouncer is told of one provider's list. */
export interface ListDelta {
  /** All that stand on the list. */
  readonly listed: ReadonlySet<string>;
  readonly added: readonly FeedMarkRow[];
  /** Targets that are on the list no more. */
  readonly gone: ReadonlySet<string>;
}

/** Stands in place of a digest where a key got a change and not a list, with the moment of its last whole answer. */
const PULLED = /^pulled since (\d{1,15})$/;

export const pulledVersion = (wholeAt: number): string => `pulled since ${wholeAt}`;

/** When a bouncer was last told everything; undefined where it was not, or has fetched lists since. */
export function wholeAtOf(fetches: readonly FeedFetchRow[]): number | undefined {
  const got = fetches.filter(({ state }) => state === 'got');
  const moments = got.map(({ version }) => Number(PULLED.exec(version ?? '')?.[1] ?? Number.NaN));
  const oldest = Math.min(...moments);
  return got.length > 0 && !Number.isNaN(oldest) ? oldest : undefined;
}

/** Everything: what a bouncer gets that begins, or of which nothing is known. It may have any of what is off the list. */
export function toWhole(marks: readonly FeedMarkRow[]): ListDelta {
  const added = marks.filter(({ holds }) => holds > 0);
  const listed = new Set(added.map(({ target }) => target));
  const off = marks.filter(({ holds }) => holds === 0);
  return { listed, added, gone: new Set(off.map(({ target }) => target)) };
}

/**
 * What a bouncer may not have, and what it may have that is off the list. It applies whole answers only; of one whose
 * delivery is uncertain both are possible: what it brought is told again, and what it took away too.
 */
export function toChange(marks: readonly FeedMarkRow[], fetches: readonly FeedFetchRow[]): ListDelta {
  const got = fetches.filter(({ state }) => state === 'got');
  const listed = marks.filter(({ holds }) => holds > 0);
  const off = marks.filter((mark) => mark.holds === 0 && fetches.some((fetch) => mayHave(fetch, mark)));
  return {
    listed: new Set(listed.map(({ target }) => target)),
    added: listed.filter((mark) => !got.every((fetch) => surelyHas(fetch, mark))),
    gone: new Set(off.map(({ target }) => target)),
  };
}
