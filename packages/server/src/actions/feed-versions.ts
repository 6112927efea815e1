import { type FeedEntryRow, type HoldRow, queries } from '../store/queries.ts';
import type { Store } from '../store/store.ts';
import { type FeedBody, toJsonFeed, toTextFeed } from './feed-body.ts';

export type FeedForm = 'txt' | 'json';

/** Which list, in which form. */
export interface FeedName {
  readonly tenantId: string;
  readonly provider: string;
  readonly list: string;
  /** What its entries do. */
  readonly action: string;
  readonly form: FeedForm;
}

/** One version of a list: whole, as of one moment. */
export interface FeedVersion extends FeedBody {
  /** Journal sequence of a moment that it shows. */
  readonly sequence: number;
}

interface Building {
  /** Counts builds: one with a higher number began later. */
  readonly number: number;
  readonly done: Promise<FeedVersion>;
}

/**
 * The last version of each list, least used first, and those that are being made.
 *
 * @remarks Every unit of work that changes what a list shows writes, in its transaction, a journal entry of an action of
 * that list. So a version made at sequence `s` shows the list as it is at `t` too, if the journal has no such entry
 * between the two: it is answered with again, as of `t`, and nothing is read but those journal entries, once.
 */
export interface FeedVersions {
  readonly store: Store;
  readonly mostBytes: number;
  readonly kept: Map<string, FeedVersion>;
  readonly building: Map<string, Building>;
  bytes: number;
  builds: number;
}

/** Four lists of a million addresses; what is larger is made anew for whoever asks after a change or before. */
const MOST_BYTES = 67_108_864;

export function createFeedVersions(store: Store, mostBytes = MOST_BYTES): FeedVersions {
  return { store, mostBytes, kept: new Map(), building: new Map(), bytes: 0, builds: 0 };
}

const entriesOf =
  ({ provider, action }: FeedName) =>
  (last: FeedEntryRow | undefined, limit: number): ReturnType<typeof queries.feedEntries> =>
    queries.feedEntries({ provider, action, after: last?.target ?? '', limit });

const holdsRead = (last: HoldRow | undefined, limit: number): ReturnType<typeof queries.holdsAfter> =>
  queries.holdsAfter({ enforcement_id: last?.enforcement_id ?? '', id: last?.id ?? '', limit });

async function build({ store }: FeedVersions, name: FeedName): Promise<FeedVersion> {
  if (name.form === 'txt') {
    const { rows, sequence } = await store.scan(name.tenantId, [entriesOf(name)]);
    return { ...(await toTextFeed(rows[0])), sequence };
  }
  const { rows, sequence } = await store.scan(name.tenantId, [entriesOf(name), holdsRead]);
  return { ...(await toJsonFeed(name, ...rows)), sequence };
}

const keyOf = ({ tenantId, provider, list, form }: FeedName): string => [tenantId, provider, list, form].join(' ');

function forget(versions: FeedVersions, key: string): void {
  versions.bytes -= versions.kept.get(key)?.body.length ?? 0;
  versions.kept.delete(key);
}

/** Keeps a version as the one used last; where there is too much, the least used go. */
function keep(versions: FeedVersions, key: string, version: FeedVersion): void {
  const { kept, mostBytes } = versions;
  if ((kept.get(key)?.sequence ?? 0) > version.sequence) return;
  forget(versions, key);
  if (version.body.length > mostBytes) return;
  kept.set(key, version);
  versions.bytes += version.body.length;
  for (const oldest of kept.keys()) {
    if (versions.bytes <= mostBytes) break;
    forget(versions, oldest);
  }
}

/** Journal entries a query: a millisecond or two of the thread that all reads go through. */
const ENTRIES_A_READ = 500;
/** Behind so many entries it is quicker to make a version than to go through them. */
const FARTHEST = 50_000;

/** The kept version as of now, where the list is still the same. */
async function keptVersion(versions: FeedVersions, name: FeedName): Promise<FeedVersion | undefined> {
  const { tenantId, provider, action } = name;
  const { store, kept } = versions;
  const version = kept.get(keyOf(name));
  if (!version) return undefined;
  const { sequence } = await store.tenant(tenantId);
  if (sequence - version.sequence > FARTHEST) return undefined;
  for (let after = version.sequence; after < sequence; after += ENTRIES_A_READ) {
    const until = Math.min(after + ENTRIES_A_READ, sequence);
    const changes = await store.read(tenantId, queries.feedChange({ provider, action, after, until }));
    if (changes.length > 0) return undefined;
  }
  const present = { ...version, sequence: Math.max(sequence, version.sequence) };
  keep(versions, keyOf(name), present);
  return present;
}

function beginBuild(versions: FeedVersions, name: FeedName): Building {
  const key = keyOf(name);
  versions.builds += 1;
  const done = build(versions, name)
    .then((version) => {
      keep(versions, key, version);
      return version;
    })
    .finally(() => versions.building.delete(key));
  const building = { number: versions.builds, done };
  versions.building.set(key, building);
  return building;
}

/**
 * The list as of now or later: it shows everything that was committed before this was called. Whoever asks while a
 * version is being made waits for that, and takes it if it is still the present one; all who find that it is not wait
 * for the next one together.
 */
export async function readVersion(versions: FeedVersions, name: FeedName): Promise<FeedVersion> {
  const begunBefore = versions.builds;
  for (;;) {
    const kept = await keptVersion(versions, name);
    if (kept) return kept;
    const building = versions.building.get(keyOf(name)) ?? beginBuild(versions, name);
    const version = await building.done;
    if (building.number > begunBefore) return version;
  }
}
