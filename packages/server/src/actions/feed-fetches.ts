import { queries } from '../store/queries.ts';
import { all, first, run, unit } from '../store/work.ts';

/** What a key got: digest of the body, and the journal sequence of the moment that it shows. */
export interface GotVersion {
  readonly sequence: number;
  readonly version: string;
}

/** Which key fetches which list. */
interface Fetching {
  readonly provider: string;
  readonly list: string;
  readonly key_name: string;
}

const NEVER = { sequence: 0, version: '', fetched_at: 0 } as const;

/**
 * A key is about to get a version. From now until that is settled it may have every entry that is, or comes to be,
 * on the list: no release of one counts as done.
 */
export const beginFetch = unit('feeds.beginFetch', function* (u, fetching: Fetching) {
  const present = yield* first(queries.feedFetch(fetching));
  const since = Math.min(present?.fetching_since ?? u.sequence, u.sequence);
  yield* run(queries.saveFeedFetch({ ...NEVER, ...present, ...fetching, fetching_since: since }));
});

/** A key has got a version, whole: that is what it has. Whatever may be settled by it is woken. */
export const endFetch = unit(
  'feeds.endFetch',
  function* (u, { fetching, got, action }: { fetching: Fetching; got: GotVersion; action: string }) {
    const { sequence, version } = got;
    const settled = { ...fetching, sequence, version, fetched_at: u.now, fetching_since: null };
    yield* run(queries.saveFeedFetch(settled));
    const woken = yield* all(queries.wakeFeedEntries({ provider: fetching.provider, action, now: u.now }));
    if (woken.length > 0) u.due(u.now);
    return woken.length;
  },
);
