import type { FeedMarkRow } from '../store/queries.ts';
import type { FeedFetchRow } from '../store/rows.ts';
import { mayHave, surelyHas } from './feed-holders.ts';
import { findPulled, isNetwork } from './pulled-version.ts';

/** What a bouncer is told of one provider's list. */
export interface ListDelta {
  /** All that stand on the list. */
  readonly listed: ReadonlySet<string>;
  readonly added: readonly FeedMarkRow[];
  /** Targets that are on the list no more. */
  readonly gone: ReadonlySet<string>;
}

/** What is known of a bouncer. */
export interface Known {
  readonly fetches: readonly FeedFetchRow[];
  /** Whether it blocks whole networks. What it cannot block it is not told. */
  readonly networks: boolean;
}

/** When a bouncer was last told everything; undefined where it was not, has fetched lists since, or was told otherwise. */
export function wholeAtOf({ fetches, networks }: Known): number | undefined {
  const pulled = fetches.filter(({ state }) => state === 'got').map(findPulled);
  if (pulled.length === 0) return undefined;
  const moments = pulled.map((each) => (each?.networks === networks ? each.wholeAt : Number.NaN));
  const oldest = Math.min(...moments);
  return Number.isNaN(oldest) ? undefined : oldest;
}

const isTold = ({ networks }: Known, { target, holds }: FeedMarkRow): boolean =>
  holds > 0 && (networks || !isNetwork(target));

const targetsOf = (marks: readonly FeedMarkRow[]): ReadonlySet<string> => new Set(marks.map(({ target }) => target));

/** Everything: what a bouncer gets that begins, or of which nothing is known. It may have any of what is off the list. */
export function toWhole(marks: readonly FeedMarkRow[], known: Known): ListDelta {
  const added = marks.filter((mark) => isTold(known, mark));
  const off = marks.filter((mark) =>
    isNetwork(mark.target) && !known.networks
      ? known.fetches.some((fetch) => mayHave(fetch, mark))
      : !isTold(known, mark),
  );
  return { listed: targetsOf(added), added, gone: targetsOf(off) };
}

/**
 * What a bouncer may not have, and what it may have that is off the list. It applies whole answers only; of one whose
 * delivery is uncertain both are possible: what it brought is told again, and what it took away too.
 */
export function toChange(marks: readonly FeedMarkRow[], known: Known): ListDelta {
  const got = known.fetches.filter(({ state }) => state === 'got');
  const listed = marks.filter((mark) => isTold(known, mark));
  const off = marks.filter((mark) => !isTold(known, mark) && known.fetches.some((fetch) => mayHave(fetch, mark)));
  return {
    listed: targetsOf(listed),
    added: listed.filter((mark) => !got.every((fetch) => surelyHas(fetch, mark))),
    gone: targetsOf(off),
  };
}

/** All that a bouncer may have of a list that its key opens no more. */
export function toLetGo(marks: readonly FeedMarkRow[], fetches: readonly FeedFetchRow[]): ListDelta {
  const held = marks.filter((mark) => fetches.some((fetch) => mayHave(fetch, mark)));
  return { listed: new Set(), added: [], gone: targetsOf(held) };
}
