import { Refusal } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import { queries } from '../store/queries.ts';
import type { Store } from '../store/store.ts';
import type { Decision } from './decision-body.ts';
import { listDecisions, PULLED_ACTION, PULLED_LIST, type Pull, type PullAnswer, readDelta } from './decisions.ts';
import { beginFetch, endFetch, type FetchEnd, forgetFetches, type LetGo } from './feed-fetches.ts';
import { type FeedHolders, NO_HOLDERS, toHolders } from './feed-holders.ts';
import { createFeedVersions, type FeedForm, type FeedVersion, readVersion } from './feed-versions.ts';
import { haltAt } from './pauses.ts';

/** The lists of a blocklist provider, and the action that fills each. */
const LISTS: Readonly<Record<string, string>> = {
  ip: 'BlockIp',
  domain: 'BlockDomain',
  url: 'BlockUrl',
  hash: 'BlockFile',
};

export interface FeedsDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** Names of the keys that may fetch a provider's lists for a tenant. */
  readonly keysOf: (tenantId: string, provider: string) => readonly string[];
  /** Names of all keys of a tenant. */
  readonly allKeysOf: (tenantId: string) => readonly string[];
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
  /** A key is about to get a version: to be called before that is read. Gives the fetch's id. @throws {Refusal} notFound */
  beginFetch(fetch: FeedFetch): Promise<string>;
  /** A key's fetch is over. Resolves when every action knows. */
  endFetch(fetch: FeedFetch, id: string, end: FetchEnd): Promise<void>;
  /** Those of the named that serve lists for the tenant, by their configured names. */
  servedOf(tenantId: string, providers: readonly string[]): readonly string[];
  /** What a bouncer does not know yet; the fetches of its lists must have begun. */
  pull(pull: Pull): Promise<PullAnswer>;
  /** A bouncer was told to let go of lists that its key opens no more. Resolves when every action knows. */
  forget(tenantId: string, key: string, lists: readonly LetGo[]): Promise<void>;
  /** All decisions of some providers, as a bouncer gets them that asks each time. */
  decisions(tenantId: string, providers: readonly string[], isWanted: (decision: Decision) => boolean): Promise<Buffer>;
  /** What the configured keys of a provider hold of one effect. */
  holdersOf(provider: string, effect: FeedEffect): Promise<FeedHolders>;
}

/** A firewall's key, and what it fetches. */
export interface FeedFetch {
  readonly tenantId: string;
  /** As the path names it. */
  readonly provider: string;
  readonly list: string;
  readonly key: string;
  /** Of a pull: what kind it is. */
  readonly version?: string;
}

export interface FeedEffect {
  readonly tenantId: string;
  readonly action: string;
  readonly target: string;
}

async function holdersOf(
  { store, clock, keysOf, allKeysOf }: FeedsDeps,
  provider: string,
  effect: FeedEffect,
): Promise<FeedHolders> {
  const { tenantId, action, target } = effect;
  const list = Object.keys(LISTS).find((name) => LISTS[name] === action) ?? '';
  const [[row], fetches] = await Promise.all([
    store.read(tenantId, queries.enforcementOf({ provider, action, target })),
    store.read(tenantId, queries.feedFetches({ provider, list })),
  ]);
  if (!row) return NO_HOLDERS;
  const keys = keysOf(tenantId, provider);
  const otherKeys = allKeysOf(tenantId).filter((name) => !keys.includes(name));
  return toHolders(row, fetches, { keys, otherKeys, now: clock.now() });
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

/**
 * What was put on the list, or taken from it, since the backup is not known: a firewall that got it would let through
 * what is blocked. One that gets no list keeps the last.
 */
async function refuseInQuarantine({ store }: FeedsDeps, tenantId: string, provider: string): Promise<void> {
  if (!haltAt(await store.read(tenantId, queries.lastingPauses({})), provider).holdsEnds) return;
  throw new Refusal(
    'serviceUnavailable',
    'The database was restored from a backup: no list is given until somebody resumes the dispatch.',
    { headers: { 'Retry-After': '60' } },
  );
}

async function beReady(deps: FeedsDeps, tenantId: string, providers: readonly string[]): Promise<void> {
  for (const provider of providers) await refuseInQuarantine(deps, tenantId, provider);
  await deps.begun(tenantId);
}

export function createFeeds(deps: FeedsDeps): Feeds {
  const versions = createFeedVersions(deps.store);
  return {
    read: async (tenantId, named, list, form) => {
      const { provider, action } = placeOf(deps, tenantId, named, list);
      await refuseInQuarantine(deps, tenantId, provider);
      await deps.begun(tenantId);
      return await readVersion(versions, { tenantId, provider, list, action, form });
    },
    servedOf: (tenantId, providers) => providers.flatMap((named) => deps.findProvider(tenantId, named) ?? []),
    pull: async (pull) => {
      await beReady(
        deps,
        pull.tenantId,
        pull.lists.map(({ provider }) => provider),
      );
      return await readDelta(deps, pull);
    },
    decisions: async (tenantId, providers, isWanted) => {
      await beReady(deps, tenantId, providers);
      return await listDecisions(deps, tenantId, providers, isWanted);
    },
    beginFetch: async ({ tenantId, provider: named, list, key, version }) => {
      const { provider } = placeOf(deps, tenantId, named, list);
      return await deps.store.run(tenantId, beginFetch, { provider, list, key_name: key, ...(version && { version }) });
    },
    endFetch: async ({ tenantId, provider: named, list, key }, id, end) => {
      const { provider, action } = placeOf(deps, tenantId, named, list);
      await deps.store.run(tenantId, endFetch, { reader: { provider, list, key_name: key }, id, end, action });
      await deps.settled(tenantId);
    },
    forget: async (tenantId, key, lists) => {
      const what = { list: PULLED_LIST, key_name: key, lists, action: PULLED_ACTION };
      await deps.store.run(tenantId, forgetFetches, what);
      await deps.settled(tenantId);
    },
    holdersOf: (provider, effect) => holdersOf(deps, provider, effect),
  };
}
