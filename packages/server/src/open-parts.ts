import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createFeeds, type Feeds } from './actions/feeds.ts';
import { type Indexer, startIndexer } from './actions/listing/run-indexer.ts';
import { type AssembledProvider, assembleProviders } from './assemble-providers.ts';
import type { FeedKey } from './auth/feed-keys.ts';
import { type InstallKey, openInstallKey } from './auth/install-key.ts';
import type { Config } from './config.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { begun, settled } from './dispatch/run-turn.ts';
import { createStreams, type Streams } from './http/stream/streams.ts';
import { type KeptProtection, keepProtection } from './keep-protection.ts';
import { neededHosts } from './needed-hosts.ts';
import type { Log } from './observe/log.ts';
import { createMetrics, type Metrics } from './observe/metrics.ts';
import { createHealthBoard, type HealthBoard } from './observe/provider-health.ts';
import { type Identity, openIdentity } from './open-identity.ts';
import { openStore } from './open-store.ts';
import type { Store } from './store/store.ts';
import { type CommitWatch, watchCommits } from './store/watch-commits.ts';
import { type LoopWatch, watchLoop } from './watch-loop.ts';

/** What wakes the dispatcher, which is made after everything that may do so. */
interface Bell {
  dispatcher: Dispatcher | undefined;
}

function openFeeds(config: Config, store: Store, feedKeys: readonly FeedKey[], bell: Bell): Feeds {
  const lists = config.providers.filter(({ kind }) => kind.name === 'blocklist');
  const equal = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
  return createFeeds({
    store,
    clock: store.clock,
    findProvider: (tenantId, named) =>
      lists.find(({ name, tenants }) => equal(name, named) && (tenants?.includes(tenantId) ?? true))?.name,
    keysOf: (tenantId, provider) =>
      feedKeys
        .filter((key) => key.tenantId === tenantId && key.providers.some((name) => equal(name, provider)))
        .map(({ name }) => name),
    allKeysOf: (tenantId) => feedKeys.filter((key) => key.tenantId === tenantId).map(({ name }) => name),
    begun: async (tenantId) => bell.dispatcher && begun(bell.dispatcher, tenantId),
    settled: async (tenantId) => bell.dispatcher && settled(bell.dispatcher, tenantId),
  });
}

/** What everything else of the process is made of. */
export interface Parts {
  readonly config: Config;
  readonly key: InstallKey;
  readonly log: Log;
  readonly store: Store;
  readonly identity: Identity;
  readonly feeds: Feeds;
  readonly streams: Streams;
  readonly providers: readonly AssembledProvider[];
  readonly protection: KeptProtection;
  readonly health: HealthBoard;
  readonly metrics: Metrics;
  readonly bell: Bell;
  readonly indexer: Indexer;
  readonly commits: CommitWatch;
  readonly loop: LoopWatch;
}

/** Opens store, keys, providers and what watches them. Nothing is listened to and nothing sent yet. */
export async function openParts(config: Config, log: Log): Promise<Parts> {
  mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 });
  const key = openInstallKey(path.join(config.dataFolder, 'key'));
  const [health, metrics] = [createHealthBoard(), createMetrics()];
  const { store, commits } = watchCommits(await openStore(config, key, log, metrics));
  const identity = await openIdentity(config, key, log, store.clock);
  const bell: Bell = { dispatcher: undefined };
  const feeds = openFeeds(config, store, identity.feedKeys, bell);
  const providers = assembleProviders(config.providers, { feeds }, !config.isLocal);
  const protection = await keepProtection({ configured: config.protectedEntries, hosts: neededHosts(config) });
  const onFault = (error: unknown): void => log.error({ err: error }, 'Changes could not be told to streams.');
  const streams = createStreams({ store, commits, onFault });
  const onIndexFault = (error: unknown): void =>
    log.error({ err: error }, 'The index of words met a fault; it goes on.');
  const indexer = startIndexer({ store, onFault: onIndexFault });
  commits.watchAll(indexer.note);
  return {
    config,
    key,
    log,
    store,
    identity,
    feeds,
    streams,
    providers,
    protection,
    health,
    metrics,
    bell,
    indexer,
    commits,
    loop: watchLoop(log, metrics),
  };
}
