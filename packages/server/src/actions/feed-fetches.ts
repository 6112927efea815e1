import { type FeedReader, queries } from '../store/queries.ts';
import type { FeedFetchRow } from '../store/rows.ts';
import { all, run, unit } from '../store/work.ts';
import { findPulled } from './pulled-version.ts';

/**
 * How long a fetch may take: the server breaks a body off that is still being sent then. A fetch that is noted as
 * under way for longer was so when its process died.
 */
export const LONGEST_FETCH_MS = 600_000;

/** What a key got: digest of the body, and the journal sequence of the moment that it shows. */
export interface GotVersion {
  readonly sequence: number;
  readonly version: string;
}

/** How a fetch ended. `nothing`: before the first byte. */
export type FetchEnd = ({ readonly kind: 'got' | 'brokenOff' } & GotVersion) | { readonly kind: 'nothing' };

/** The highest number that a fetch of the key was ever given, as far as it matters. */
const lastNumber = (fetches: readonly FeedFetchRow[]): number =>
  Math.max(0, ...fetches.map(({ number, over_at_number }) => Math.max(number, over_at_number ?? 0)));

const isOverdue = ({ state, begun_at }: FeedFetchRow, now: number): boolean =>
  state === 'underWay' && begun_at + LONGEST_FETCH_MS <= now;

export interface BegunFetch extends FeedReader {
  /** Of a pull: what kind it is. */
  readonly version?: string;
}

/**
 * A key is about to get a version. From now until a later fetch takes its place it may have every entry that is, or
 * comes to be, on the list: no release of one counts as done. Returns the fetch's id.
 */
export const beginFetch = unit('feeds.beginFetch', function* (u, { version, ...reader }: BegunFetch) {
  const fetches = yield* all(queries.feedFetchesOf(reader));
  const last = lastNumber(fetches);
  const overdue = fetches.filter((fetch) => isOverdue(fetch, u.now));
  const begun: FeedFetchRow = {
    ...reader,
    id: u.newId(),
    state: 'underWay',
    number: last + 1,
    over_at_number: null,
    since: u.sequence,
    sequence: null,
    version: version ?? null,
    begun_at: u.now,
    got_at: null,
  };
  yield* run(
    ...overdue.map((fetch) => queries.saveFeedFetch({ ...fetch, state: 'brokenOff', over_at_number: last })),
    queries.saveFeedFetch(begun),
  );
  return begun.id;
});

/**
 * A fetch that was broken off, with all earlier ones of the key that were: however many there are, they are one row,
 * which a fetch that began after the last of them replaces.
 */
function allBrokenOff(mine: FeedFetchRow, others: readonly FeedFetchRow[]): FeedFetchRow {
  const all = [mine, ...others];
  const isKnown = all.every(({ sequence }) => sequence !== null);
  // Of pulls with networks and without, both are possible.
  const isOne = all.every((fetch) => findPulled(fetch)?.networks === findPulled(mine)?.networks);
  return {
    ...mine,
    state: 'brokenOff',
    version: isOne ? mine.version : null,
    since: Math.min(...all.map(({ since }) => since)),
    sequence: isKnown ? Math.max(...all.map(({ sequence }) => sequence ?? 0)) : null,
  };
}

interface EndedFetch {
  readonly reader: FeedReader;
  readonly id: string;
  readonly end: FetchEnd;
  /** What the list's entries do. */
  readonly action: string;
}

/** What a fetch is from its end on, and the fetches whose place it takes. */
function afterEnd(
  fetches: readonly FeedFetchRow[],
  { reader, id, end }: EndedFetch,
  now: number,
): { readonly saved: FeedFetchRow | undefined; readonly gone: readonly string[] } {
  if (end.kind === 'nothing') return { saved: undefined, gone: [id] };
  const mine = fetches.find((fetch) => fetch.id === id);
  const ended: FeedFetchRow = {
    ...reader,
    id,
    state: end.kind,
    // One that was given up, and replaced, before it ended after all takes nobody's place.
    number: mine?.number ?? 0,
    over_at_number: lastNumber(fetches),
    since: end.sequence,
    sequence: end.sequence,
    version: end.version,
    begun_at: mine?.begun_at ?? now,
    got_at: end.kind === 'got' ? now : null,
  };
  const others = fetches.filter((fetch) => fetch.id !== id);
  const replaced =
    end.kind === 'got'
      ? others.filter(({ over_at_number }) => over_at_number !== null && over_at_number < ended.number)
      : others.filter(({ state }) => state === 'brokenOff');
  return {
    saved: end.kind === 'got' ? ended : allBrokenOff(ended, replaced),
    gone: replaced.map((fetch) => fetch.id),
  };
}

/**
 * A fetch is over. One that got its version whole takes the place of those that were over before it began; beside those
 * that overlapped with it, it stands: a firewall that fetches twice at once may end with either. Whatever may be
 * settled by it is woken.
 */
export const endFetch = unit('feeds.endFetch', function* (u, ended: EndedFetch) {
  const { reader, action } = ended;
  const { saved, gone } = afterEnd(yield* all(queries.feedFetchesOf(reader)), ended, u.now);
  yield* run(
    ...gone.map((id) => queries.deleteFeedFetch({ ...reader, id })),
    ...(saved ? [queries.saveFeedFetch(saved)] : []),
  );
  const woken = yield* all(queries.wakeFeedEntries({ provider: reader.provider, action, now: u.now }));
  if (woken.length > 0) u.due(u.now);
  return woken.length;
});

/** Fetches of a list that its key opens no more, and of which the bouncer was told to let go. */
export interface LetGo {
  readonly provider: string;
  readonly ids: readonly string[];
}

/** A bouncer has let go of lists: whatever waits for that is woken. */
export const forgetFetches = unit(
  'feeds.forgetFetches',
  function* (u, { lists, action, ...of }: Omit<FeedReader, 'provider'> & { lists: readonly LetGo[]; action: string }) {
    for (const { provider, ids } of lists) {
      yield* run(...ids.map((id) => queries.deleteFeedFetch({ ...of, provider, id })));
      const woken = yield* all(queries.wakeFeedEntries({ provider, action, now: u.now }));
      if (woken.length > 0) u.due(u.now);
    }
  },
);
