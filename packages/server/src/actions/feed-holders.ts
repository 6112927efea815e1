import type { EnforcementRow, FeedFetchRow } from '../store/rows.ts';
import { LONGEST_FETCH_MS } from './feed-fetches.ts';
import { findPulled, isNetwork } from './pulled-version.ts';

/** Keys by what their firewalls hold of one effect. */
export interface FeedHolders {
  /** Stands on the list that the next fetch gets. */
  readonly listed: boolean;
  /** Got the list within the last 24 hours. */
  readonly recent: number;
  /** Of those: surely with the entry. */
  readonly recentWithEntry: number;
  /** However long silent: perhaps with the entry. */
  readonly withEntry: number;
  /** Of those: silent for 24 hours. */
  readonly silentWithEntry: number;
}

export const NO_HOLDERS: FeedHolders = {
  listed: false,
  recent: 0,
  recentWithEntry: 0,
  withEntry: 0,
  silentWithEntry: 0,
};

const RECENT_MS = 86_400_000;

/** When an effect came onto its list and left it. */
export type Listing = Pick<EnforcementRow, 'target' | 'wanted_seq' | 'first_wanted_seq' | 'unwanted_seq'>;

/** A bouncer that was told addresses alone has no network. */
const isKept = (fetch: FeedFetchRow, { target }: Listing): boolean =>
  isNetwork(target) && findPulled(fetch)?.networks === false;

/** Between two listings a version may have had the first one's entry. */
export function mayHave(fetch: FeedFetchRow, row: Listing): boolean {
  if (isKept(fetch, row)) return false;
  const { since, sequence } = fetch;
  const from = row.first_wanted_seq ?? row.wanted_seq ?? Number.POSITIVE_INFINITY;
  const until = row.unwanted_seq ?? Number.POSITIVE_INFINITY;
  return (sequence === null || sequence >= from) && since < until;
}

export function surelyHas(fetch: FeedFetchRow, row: Listing): boolean {
  if (isKept(fetch, row)) return false;
  const { since, sequence } = fetch;
  const from = row.wanted_seq ?? Number.POSITIVE_INFINITY;
  const until = row.unwanted_seq ?? Number.POSITIVE_INFINITY;
  return since >= from && (sequence ?? Number.POSITIVE_INFINITY) < until;
}

interface KeyHolds {
  readonly isRecent: boolean;
  /** Whichever of its fetches the firewall ends with. What was broken off is nothing to build on, nor against it. */
  readonly surely: boolean;
  /** By any of its fetches, one that was broken off included. */
  readonly may: boolean;
}

function keyHolds(fetches: readonly FeedFetchRow[], row: EnforcementRow, now: number): KeyHolds {
  const got = fetches.filter(({ state }) => state === 'got');
  const underWay = fetches.filter(({ state, begun_at }) => state === 'underWay' && begun_at + LONGEST_FETCH_MS > now);
  const isWanted = row.unwanted_seq === null;
  // A bouncer that is told networks no more lets go of them, by an answer that was broken off too.
  const mayLetGo = isNetwork(row.target) && got.some(findPulled);
  const others = mayLetGo ? fetches.filter(({ state }) => state !== 'got') : [];
  return {
    isRecent: got.some(({ got_at }) => (got_at ?? 0) > now - RECENT_MS),
    surely:
      got.length > 0 &&
      got.every((fetch) => surelyHas(fetch, row)) &&
      others.every((fetch) => findPulled(fetch)?.networks === true) &&
      underWay.every(({ since }) => isWanted && since >= (row.wanted_seq ?? Number.POSITIVE_INFINITY)),
    may: fetches.some((fetch) => mayHave(fetch, row)),
  };
}

export interface Holding {
  /** Those that open the list. */
  readonly keys: readonly string[];
  /** Other keys of the tenant. A bouncer of theirs that had the list is yet to be told that it is to let go of it. */
  readonly otherKeys?: readonly string[];
  readonly now: number;
}

/** What the firewalls behind these keys hold of an effect, by all fetches of the effect's list. */
export function toHolders(
  row: EnforcementRow,
  fetches: readonly FeedFetchRow[],
  { keys, otherKeys = [], now }: Holding,
): FeedHolders {
  const byKey = Map.groupBy(fetches, ({ key_name }) => key_name);
  const held = keys.map((key) => keyHolds(byKey.get(key) ?? [], row, now));
  for (const key of otherKeys) {
    const of = byKey.get(key) ?? [];
    if (of.some(findPulled)) held.push({ ...keyHolds(of, row, now), isRecent: false });
  }
  const count = (isCounted: (key: KeyHolds) => boolean): number => held.filter(isCounted).length;
  return {
    listed: row.holds > 0,
    recent: count(({ isRecent }) => isRecent),
    recentWithEntry: count(({ isRecent, surely }) => isRecent && surely),
    withEntry: count(({ may }) => may),
    silentWithEntry: count(({ may, isRecent }) => may && !isRecent),
  };
}
