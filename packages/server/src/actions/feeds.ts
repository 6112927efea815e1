import { Refusal } from '../errors.ts';
import { sha256 } from '../lib/canonical-json.ts';
import type { Clock } from '../lib/clock.ts';
import { toDateTime } from '../lib/date-time.ts';
import { type FeedEntryRow, type HoldRow, queries } from '../store/queries.ts';
import type { EnforcementRow, FeedFetchRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { beginFetch, endFetch, type GotVersion } from './feed-fetches.ts';

/** The lists of a blocklist provider, and the action that fills each. */
const LISTS: Readonly<Record<string, string>> = {
  ip: 'BlockIp',
  domain: 'BlockDomain',
  url: 'BlockUrl',
  hash: 'BlockFile',
};

export type FeedForm = 'txt' | 'json';

/** One version of a list: whole, as of one moment. */
export interface FeedVersion {
  readonly body: string;
  /** Digest of the body: the opaque part of a strong ETag. */
  readonly version: string;
  /** Journal sequence of the moment. */
  readonly sequence: number;
}

export interface FeedsDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** Names of the keys that may fetch a provider's lists for a tenant. */
  readonly keysOf: (tenantId: string, provider: string) => readonly string[];
  /** The configured name of a tenant's provider that serves lists, whatever the case of the letters. */
  readonly findProvider: (tenantId: string, provider: string) => string | undefined;
  /** Resolves when everything that was accepted so far stands on its list. */
  readonly begun: (tenantId: string) => Promise<void>;
  /** Resolves when whatever a fetch decides is decided. */
  readonly settled: (tenantId: string) => Promise<void>;
}

export interface Feeds {
  /** @throws {Refusal} notFound for an unknown list, an unknown provider, and one that serves no lists */
  read(tenantId: string, provider: string, list: string, form: FeedForm): Promise<FeedVersion>;
  /** A key is about to get a version: to be called before that is read. @throws {Refusal} notFound */
  beginFetch(tenantId: string, provider: string, list: string, key: string): Promise<void>;
  /** A key has got a version: that is what its firewall holds from now on. Resolves when every action knows. */
  endFetch(tenantId: string, provider: string, list: string, key: string, got: GotVersion): Promise<void>;
  /** What the configured keys of a provider hold of one effect. */
  holdersOf(provider: string, effect: FeedEffect): Promise<FeedHolders>;
}

export interface FeedEffect {
  readonly tenantId: string;
  readonly action: string;
  readonly target: string;
}

/** Keys by what their last version of the list has. */
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

const entryOf = (target: string): string => target.slice(target.indexOf(':') + 1);

const ordinal = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const entriesRead =
  (provider: string, action: string) =>
  (last: FeedEntryRow | undefined, limit: number): ReturnType<typeof queries.feedEntries> =>
    queries.feedEntries({ provider, action, after: last?.target ?? '', limit });

const holdsRead = (last: HoldRow | undefined, limit: number): ReturnType<typeof queries.holdsAfter> =>
  queries.holdsAfter({ enforcement_id: last?.enforcement_id ?? '', id: last?.id ?? '', limit });

const version = (body: string, sequence: number): FeedVersion => ({ body, version: sha256(body), sequence });

async function readText(
  { store }: FeedsDeps,
  tenantId: string,
  provider: string,
  action: string,
): Promise<FeedVersion> {
  const { rows, sequence } = await store.scan(tenantId, [entriesRead(provider, action)]);
  const lines = rows[0].map(({ target }) => entryOf(target)).sort(ordinal);
  return version(lines.map((line) => `${line}\n`).join(''), sequence);
}

async function readJsonFeed(
  { store }: FeedsDeps,
  tenantId: string,
  provider: string,
  list: string,
  action: string,
): Promise<FeedVersion> {
  const { rows, sequence } = await store.scan(tenantId, [entriesRead(provider, action), holdsRead]);
  const [entries, holds] = rows;
  const holdsOf = Map.groupBy(holds, ({ enforcement_id }) => enforcement_id);
  const value = entries
    .map(({ id, target, wanted_until }) => ({
      entry: entryOf(target),
      actionIds: (holdsOf.get(id) ?? []).map((hold) => hold.id),
      expirationDateTime: toDateTime(wanted_until),
    }))
    .sort((one, other) => ordinal(one.entry, other.entry));
  return version(`${JSON.stringify({ provider, list, value })}\n`, sequence);
}

const RECENT_MS = 86_400_000;

/** What one key's last version has of an effect. `may`: between two listings a version may have had the first one's entry. */
function holds(fetch: FeedFetchRow, row: EnforcementRow): { readonly surely: boolean; readonly may: boolean } {
  const since = row.wanted_seq ?? Number.POSITIVE_INFINITY;
  const firstSince = row.first_wanted_seq ?? since;
  const until = row.unwanted_seq ?? Number.POSITIVE_INFINITY;
  const isBefore = fetch.sequence < until;
  const mayBeGetting = fetch.fetching_since !== null && fetch.fetching_since < until;
  return {
    surely: fetch.sequence >= since && isBefore,
    may: (fetch.sequence >= firstSince && isBefore) || mayBeGetting,
  };
}

async function holdersOf(
  { store, clock, keysOf }: FeedsDeps,
  provider: string,
  effect: FeedEffect,
): Promise<FeedHolders> {
  const { tenantId, action, target } = effect;
  const list = Object.keys(LISTS).find((name) => LISTS[name] === action) ?? '';
  const [[row], fetches] = await Promise.all([
    store.read(tenantId, queries.enforcementOf({ provider, action, target })),
    store.read(tenantId, queries.feedFetches({ provider, list })),
  ]);
  if (!row) return { listed: false, recent: 0, recentWithEntry: 0, withEntry: 0, silentWithEntry: 0 };
  const keys = keysOf(tenantId, provider);
  const mine = fetches.filter(({ key_name }) => keys.includes(key_name));
  const isRecent = ({ fetched_at }: FeedFetchRow): boolean => fetched_at > clock.now() - RECENT_MS;
  const recent = mine.filter(isRecent);
  const having = mine.filter((fetch) => holds(fetch, row).may);
  return {
    listed: row.holds > 0,
    recent: recent.length,
    recentWithEntry: recent.filter((fetch) => holds(fetch, row).surely).length,
    withEntry: having.length,
    silentWithEntry: having.filter((fetch) => !isRecent(fetch)).length,
  };
}

interface FeedPlace {
  readonly provider: string;
  readonly action: string;
}

function placeOf({ findProvider }: FeedsDeps, tenantId: string, named: string, list: string): FeedPlace {
  const action = Object.hasOwn(LISTS, list) ? LISTS[list] : undefined;
  const provider = findProvider(tenantId, named);
  if (action !== undefined && provider !== undefined) return { provider, action };
  throw new Refusal('notFound', `There is no list "${list.slice(0, 50)}" of a provider "${named.slice(0, 100)}".`, {
    inner: 'unknownResource',
  });
}

export function createFeeds(deps: FeedsDeps): Feeds {
  return {
    read: async (tenantId, named, list, form) => {
      const { provider, action } = placeOf(deps, tenantId, named, list);
      await deps.begun(tenantId);
      return form === 'txt'
        ? await readText(deps, tenantId, provider, action)
        : await readJsonFeed(deps, tenantId, provider, list, action);
    },
    beginFetch: async (tenantId, named, list, key_name) => {
      const { provider } = placeOf(deps, tenantId, named, list);
      await deps.store.run(tenantId, beginFetch, { provider, list, key_name });
    },
    endFetch: async (tenantId, named, list, key_name, { sequence, version }) => {
      const { provider, action } = placeOf(deps, tenantId, named, list);
      const fetching = { provider, list, key_name };
      await deps.store.run(tenantId, endFetch, { fetching, got: { sequence, version }, action });
      await deps.settled(tenantId);
    },
    holdersOf: (provider, effect) => holdersOf(deps, provider, effect),
  };
}
