import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createFeeds, type Feeds } from './actions/feeds.ts';
import { type Indexer, startIndexer } from './actions/listing/run-indexer.ts';
import { providersOf } from './actions/provider.ts';
import type { Retention } from './actions/retention/run-retention.ts';
import { armConfigured } from './arm-failpoints.ts';
import { assembleDeliverer, assembleNotify } from './assemble-notify.ts';
import { type AssembledProvider, assembleProviders } from './assemble-providers.ts';
import { assembleRetention } from './assemble-retention.ts';
import type { FeedKey } from './auth/feed-keys.ts';
import { type InstallKey, openInstallKey } from './auth/install-key.ts';
import { banner } from './banner.ts';
import { chooseCertificate } from './choose-certificate.ts';
import { type Config, readConfig } from './config.ts';
import { createDispatcher, type Dispatcher, type DispatcherDeps } from './dispatch/dispatcher.ts';
import { startDispatcher, stopDispatcher } from './dispatch/run-dispatcher.ts';
import { begun, breakOff, settled, wake, wakeForNew } from './dispatch/run-turn.ts';
import type { App } from './http/app.ts';
import { diagnostic } from './http/headers.ts';
import { type Listening, listen } from './http/listen.ts';
import { describeApi } from './http/open-api.ts';
import { isServed, ROUTES } from './http/routes.ts';
import { createServer } from './http/server.ts';
import { createStreams, endStreams, type Streams } from './http/stream/streams.ts';
import { createThrottle } from './http/throttle.ts';
import { type KeptProtection, keepProtection } from './keep-protection.ts';
import { systemClock } from './lib/clock.ts';
import { failpoint } from './lib/failpoint.ts';
import { newId } from './lib/new-id.ts';
import { systemTimers } from './lib/timers.ts';
import { neededHosts } from './needed-hosts.ts';
import type { Deliverer } from './notify/deliverer.ts';
import { onChange, startDeliverer, stopDeliverer } from './notify/run-deliverer.ts';
import { createLog, type Log } from './observe/log.ts';
import { createMetrics, type Metrics, openMetricsServer } from './observe/metrics.ts';
import { createHealthBoard, type HealthBoard } from './observe/provider-health.ts';
import { type Identity, openIdentity } from './open-identity.ts';
import { openStore } from './open-store.ts';
import { toStartFault } from './start-fault.ts';
import type { Store } from './store/store.ts';
import { type CommitWatch, watchCommits } from './store/watch-commits.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

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
    begun: async (tenantId) => bell.dispatcher && begun(bell.dispatcher, tenantId),
    settled: async (tenantId) => bell.dispatcher && settled(bell.dispatcher, tenantId),
  });
}

interface Parts {
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
}

const ALARMS = {
  releaseFailed: 'A release did not succeed in time. It is tried on; until then the effect may be in force.',
  poisoned: 'The server died again and again while a call of this was under way. It is not made any more.',
} as const;

/** What is told to people goes to the log and is counted. */
const tellAlarms =
  ({ log, metrics, providers }: Parts): DispatcherDeps['onAlarms'] =>
  (tenantId, alarms) => {
    const mine = providersOf(
      providers.map(({ provider }) => provider),
      tenantId,
    );
    for (const { actionId, provider, target, kind } of alarms) {
      const key = mine.find(({ name }) => name === provider)?.key ?? provider;
      if (kind === 'poisoned') metrics.poisoned(key);
      else metrics.releaseFailed(key);
      log.warn({ tenantId, securityActionId: actionId, provider, target }, ALARMS[kind ?? 'releaseFailed']);
    }
  };

function createApp(parts: Parts, deliverer: Deliverer, isStarted: () => boolean): App {
  const { config, key, log, store, identity, feeds, streams, providers, protection, health, metrics, bell } = parts;
  return {
    actions: {
      store,
      providers: providers.map(({ provider }) => provider),
      refusalFor: protection.refusalFor,
      asksApprovals: !config.isLocal,
      clock: store.clock,
      timers: systemTimers,
      newId,
      health,
      keysInFlight: new Map(),
      fetches: new Set(),
      onAlarms: tellAlarms(parts),
      onCreated: (tenantId) => {
        if (bell.dispatcher) wakeForNew(bell.dispatcher, tenantId);
      },
      onEnded: (tenantId, release) => {
        if (release !== undefined) store.hints?.tell(tenantId, 'ended');
        if (!bell.dispatcher) return;
        if (release !== undefined) breakOff(bell.dispatcher, release);
        wake(bell.dispatcher, tenantId);
      },
    },
    feeds,
    streams,
    notify: assembleNotify(parts, deliverer),
    authenticator: identity.authenticator,
    feedKeys: identity.feedKeys,
    clock: systemClock,
    tokenSecret: key.derive('page tokens', 32),
    publicUrl: config.publicUrl,
    isTrustedProxy: (address) => config.trustedProxies.includes(address.replace(/^::ffff:/, '')),
    checkReady: async () => {
      if (!isStarted()) throw new Error('The dispatcher is not started yet.');
      await store.ping();
    },
    apiDescription: JSON.stringify(describeApi(ROUTES.filter(isServed), version)),
    diagnostic: diagnostic(`interdict-${randomUUID().slice(0, 8)}`),
    metrics,
    throttle: createThrottle(config.requestLimits, systemClock),
    corsOrigins: config.corsOrigins,
    onFault: (error, requestId, traceId) => log.error({ err: error, requestId, traceId }, 'A request failed.'),
  };
}

async function openParts(config: Config, log: Log): Promise<Parts> {
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
  };
}

function openDispatcher(parts: Parts): Dispatcher {
  const { store, providers, protection, health, log, metrics } = parts;
  return createDispatcher({
    store,
    providers: providers.map(({ dispatched }) => dispatched),
    refusalFor: protection.refusalFor,
    health,
    metrics,
    clock: { now: systemTimers.monotonicMs },
    timers: systemTimers,
    random: Math.random,
    onFault: (error) => log.error({ err: error }, 'The dispatcher met a fault; it goes on.'),
    onAlarms: tellAlarms(parts),
  });
}

interface Running {
  readonly parts: Parts;
  readonly dispatcher: Dispatcher;
  readonly deliverer: Deliverer;
  readonly retention: Retention;
  readonly listening: Listening;
}

async function start(config: Config, log: Log): Promise<Running> {
  armConfigured(config, log);
  const parts = await openParts(config, log);
  failpoint('start.storeOpen');
  const dispatcher = openDispatcher(parts);
  parts.bell.dispatcher = dispatcher;
  const deliverer = assembleDeliverer(parts);
  let isStarted = false;
  const app = createApp(parts, deliverer, () => isStarted);
  const listening = await listen(app, createServer(app, ROUTES), {
    http: { address: config.httpAddress, port: config.httpPort },
    https: { address: config.tlsAddress, port: config.tlsPort },
    certificate: await chooseCertificate(config),
  });
  if (config.metricsPort !== undefined) await openMetricsServer(parts.metrics, config.metricsPort);
  failpoint('start.listening');
  await startDispatcher(dispatcher);
  parts.commits.watchAll((tenantId) => onChange(deliverer, tenantId));
  startDeliverer(deliverer);
  const retention = assembleRetention(parts);
  isStarted = true;
  failpoint('start.ready');
  return { parts, dispatcher, deliverer, retention, listening };
}

/** Takes nothing new, finishes what is under way, and leaves the rest in the store. */
async function stop({ parts, dispatcher, deliverer, retention, listening }: Running): Promise<void> {
  failpoint('stop.begun');
  endStreams(parts.streams);
  await Promise.all([stopDeliverer(deliverer), listening.close()]);
  failpoint('stop.answered');
  await stopDispatcher(dispatcher);
  failpoint('stop.drained');
  await Promise.all([parts.indexer.stop(), retention.stop()]);
  parts.protection.close();
  parts.identity.close();
  await parts.store.close();
}

const STOP_MS = 10_000;

function stopOnSignal(running: Running, log: Log): void {
  let isStopping = false;
  const onSignal = (): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    setTimeout(() => process.exit(1), STOP_MS).unref();
    stop(running).then(
      () => {
        console.log('closed');
        process.exit(0);
      },
      (error: unknown) => {
        log.error({ err: error }, 'The server could not stop in order.');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}

async function main(): Promise<void> {
  const log = createLog('info');
  const config = readConfig();
  const running = await start(config, log);
  stopOnSignal(running, log);
  const { httpPort, httpsPort } = running.listening;
  console.log(
    banner({
      httpPort,
      httpsPort,
      dataFolder: config.dataFolder,
      isLocal: config.isLocal,
      database: config.databaseUrl ? 'PostgreSQL' : 'SQLite',
      providers: config.providers.map(({ name }) => name),
      hasBlocklist: config.providers.some(({ name }) => name === 'blocklist'),
    }),
  );
}

main().catch((error: unknown) => {
  console.error(toStartFault(error));
  process.exit(1);
});
