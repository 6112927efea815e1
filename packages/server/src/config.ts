import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import { Secret } from '@interdict/connectors';
import { type ProtectedEntry, readEntry } from './actions/protected/read-entries.ts';
import { type FeedKey, findFeedKeyFaults } from './auth/feed-keys.ts';
import { findIssuerFaults } from './auth/issuer-faults.ts';
import type { IssuerSettings } from './auth/issuer-settings.ts';
import { type Environment, readConfigFile, readSecret } from './config/config-file.ts';
import { BUILT_IN, type ConnectorKinds, loadConnectorKinds } from './config/connector-kinds.ts';
import { type NotificationSettings, readNotifications } from './config/notification-config.ts';
import { type ProviderConfig, plainProvider, readProviders } from './config/provider-config.ts';
import { Refusal } from './errors.ts';
import type { RequestLimits } from './http/throttle.ts';
import { parseDuration } from './lib/duration.ts';
import type { ArmedFailpoint } from './lib/failpoint.ts';
import { readFailpoints } from './lib/read-failpoints.ts';
import { FileFault, faultAt, type YamlFile } from './lib/read-yaml.ts';
import { faultOfAllowed } from './notify/receiver-guard.ts';

/** Everything that the operator decides. This file alone reads the environment. */
export interface Config {
  readonly dataFolder: string;
  readonly httpPort: number;
  readonly tlsPort: number;
  readonly metricsPort: number | undefined;
  readonly databaseUrl: Secret | undefined;
  readonly publicUrl: string | undefined;
  readonly tlsAddress: string;
  readonly httpAddress: string;
  readonly trustedProxies: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly requestLimits: RequestLimits;
  /** As PEM. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly issuers: readonly IssuerSettings[];
  readonly providers: readonly ProviderConfig[];
  readonly protectedEntries: readonly ProtectedEntry[];
  readonly feedKeys: readonly FeedKey[];
  readonly notifications: NotificationSettings;
  /** How long an action that is over is kept; undefined: for ever. */
  readonly finalActionsMs: number | undefined;
  /** True where no issuer is configured: loopback only, and tokens of our own. */
  readonly isLocal: boolean;
  /** Points of the code at which this process is to end or to halt: for tests. */
  readonly failpoints: readonly ArmedFailpoint[];
}

export const environment: Environment = (name) => process.env[name];

interface FileValue {
  readonly server?: {
    readonly publicUrl?: string;
    readonly address?: string;
    readonly tls?: { readonly cert: string; readonly key: string };
    readonly cors?: { readonly origins?: readonly string[] };
    readonly http?: { readonly address?: string; readonly trustedProxies?: readonly string[] };
  };
  readonly issuers?: readonly IssuerSettings[];
  readonly providers?: readonly never[];
  readonly protected?: readonly ProtectedEntry[];
  readonly retention?: { readonly finalActions?: string };
  readonly limits?: { readonly requestsPerMinute?: RequestLimits };
  readonly feedKeys?: readonly {
    readonly name: string;
    readonly tenant: string;
    readonly providers: readonly string[];
    readonly networks?: boolean;
  }[];
}

/** @throws {FileFault} for a port that is none */
function readPort(name: string, otherwise: number | undefined): number | undefined {
  const text = environment(name);
  if (text === undefined || text === '') return otherwise;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new FileFault(`${name} is "${text}"; a port is a number from 0 (any free one) to 65535.`);
}

/** @throws {FileFault} for a text that is no address of a PostgreSQL, which is not repeated: it may hold a password */
function readDatabaseUrl(): Secret | undefined {
  const text = environment('INTERDICT_DATABASE_URL');
  if (text === undefined || text === '') return undefined;
  if (URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol)) return new Secret(text);
  throw new FileFault('INTERDICT_DATABASE_URL is no URL of the form postgres://user:password@host:5432/database.');
}

/** @throws {FileFault} for a point that is none, or a form that is none */
function readArmed(): readonly ArmedFailpoint[] {
  try {
    return readFailpoints(environment('INTERDICT_FAILPOINT') ?? '');
  } catch (error) {
    throw new FileFault(`INTERDICT_FAILPOINT: ${(error as Error).message}`);
  }
}

const isLoopback = (address: string): boolean => /^(127\.|::1$|localhost$)/i.test(address);

function checkPublicUrl(file: YamlFile | undefined, publicUrl: string | undefined): void {
  if (!file || publicUrl === undefined) return;
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  if (url && url.origin === publicUrl && ['http:', 'https:'].includes(url.protocol)) return;
  throw faultAt(
    file,
    'server/publicUrl',
    'publicUrl is an origin, as in https://interdict.example: no path, no slash behind.',
  );
}

/** A browser sends an origin in one spelling only; any other would never match. */
function checkCors(file: YamlFile | undefined, { server }: FileValue): void {
  for (const [index, origin] of (server?.cors?.origins ?? []).entries()) {
    const url = URL.canParse(origin) ? new URL(origin) : undefined;
    if (!file || (url?.origin === origin && ['http:', 'https:'].includes(url.protocol))) continue;
    const words = `"${origin}" is no origin as browsers send it, as in https://soc.example: no path, no slash behind, no *.`;
    throw faultAt(file, `server/cors/origins/${index}`, words);
  }
}

function checkHttp(file: YamlFile | undefined, { server }: FileValue): void {
  const { address = '127.0.0.1', trustedProxies = [] } = server?.http ?? {};
  if (!file || isLoopback(address) || trustedProxies.length > 0) return;
  const words =
    'http carries tokens in the clear: beyond loopback it is served only behind proxies named in trustedProxies.';
  throw faultAt(file, 'server/http/address', words);
}

function readFeedKeys(file: YamlFile, value: FileValue): readonly FeedKey[] {
  const keys = (value.feedKeys ?? []).map(({ name, tenant, providers, networks = false }, index) => ({
    name,
    tenantId: tenant.toLowerCase(),
    providers,
    networks,
    key: readSecret(file, `feedKeys/${index}/key`, environment),
  }));
  const [fault] = findFeedKeyFaults(keys);
  if (fault) throw faultAt(file, fault.path, fault.message);
  return keys;
}

function checkFeedProviders(file: YamlFile, keys: readonly FeedKey[], providers: readonly ProviderConfig[]): void {
  for (const [index, key] of keys.entries()) {
    for (const [place, name] of key.providers.entries()) {
      const found = providers.find(
        (provider) =>
          provider.name.toLowerCase() === name.toLowerCase() && (provider.tenants?.includes(key.tenantId) ?? true),
      );
      if (found?.kind.name === 'blocklist') continue;
      const words = found
        ? `Provider "${name}" serves no lists.`
        : `There is no provider "${name}" in the key's tenant.`;
      throw faultAt(file, `feedKeys/${index}/providers/${place}`, words);
    }
  }
}

/** Each entry must be a target that nobody may block. */
function checkProtected(file: YamlFile, entries: readonly ProtectedEntry[]): void {
  for (const [index, entry] of entries.entries()) {
    try {
      readEntry(entry, index);
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      throw faultAt(file, thrown.target ?? `protected/${index}`, thrown.message);
    }
  }
}

/** What is there where the operator names no providers. A simulator pretends: beside an issuer it must be meant. */
function builtIn(hasIssuers: boolean): readonly ProviderConfig[] {
  const names = hasIssuers ? ['blocklist'] : ['blocklist', 'simulator'];
  return names.flatMap((name) => {
    const kind = BUILT_IN.get(name);
    return kind ? [plainProvider(name, kind)] : [];
  });
}

function readFile(
  file: YamlFile | undefined,
  kinds: ConnectorKinds,
): Pick<Config, 'issuers' | 'providers' | 'protectedEntries' | 'feedKeys'> {
  if (!file) return { issuers: [], providers: builtIn(false), protectedEntries: [], feedKeys: [] };
  const value = file.value as FileValue;
  const issuers = value.issuers ?? [];
  const [fault] = findIssuerFaults(issuers);
  if (fault) throw faultAt(file, fault.path, fault.message);
  const reading = { file, environment, kinds, hasIssuers: issuers.length > 0 };
  const providers = value.providers ? readProviders(reading, value.providers) : builtIn(issuers.length > 0);
  const feedKeys = readFeedKeys(file, value);
  checkProtected(file, value.protected ?? []);
  checkFeedProviders(file, feedKeys, providers);
  return { issuers, providers, protectedEntries: value.protected ?? [], feedKeys };
}

const readDataFolder = (): string => path.resolve(environment('INTERDICT_DATA') || 'data');

const namedFile = (): string | undefined => {
  const named = environment('INTERDICT_CONFIG');
  return named ? path.resolve(named) : undefined;
};

function readNamedFile(kinds: ConnectorKinds): YamlFile | undefined {
  const named = namedFile();
  return named === undefined ? undefined : readConfigFile(named, kinds);
}

/**
 * The kinds of connectors that the configuration may name, those of the operator's own with them.
 * @throws {FileFault} for a module that cannot be loaded, or that exports no connector
 */
export async function loadConnectors(): Promise<ConnectorKinds> {
  const named = namedFile();
  return named === undefined || !existsSync(named) ? BUILT_IN : loadConnectorKinds(named);
}

/**
 * Of the configuration only what a token of the local issuer takes: the server's secrets need not be at hand.
 * @throws {FileFault} where the file cannot be right
 */
export function readLocalIssuerSettings(): Pick<Config, 'dataFolder' | 'isLocal'> {
  const { issuers = [] } = (readNamedFile(BUILT_IN)?.value ?? {}) as FileValue;
  return { dataFolder: readDataFolder(), isLocal: issuers.length === 0 };
}

/** Where the store is, for a command beside the server. */
export const readStoreSettings = (): Pick<Config, 'dataFolder' | 'databaseUrl'> => ({
  dataFolder: readDataFolder(),
  databaseUrl: readDatabaseUrl(),
});

/** @throws {FileFault} for a certificate or key that cannot be read, or that do not belong together */
function readTls(file: YamlFile | undefined, { server }: FileValue): Config['tls'] {
  if (!file || !server?.tls) return undefined;
  const read = (key: 'cert' | 'key'): string => {
    const named = path.resolve(path.dirname(file.path), server.tls?.[key] ?? '');
    try {
      return readFileSync(named, 'utf8');
    } catch (error) {
      throw faultAt(file, `server/tls/${key}`, `${named} cannot be read: ${(error as Error).message}.`);
    }
  };
  const tls = { cert: read('cert'), key: read('key') };
  try {
    createSecureContext(tls);
  } catch (error) {
    const why = (error as Error).message;
    throw faultAt(file, 'server/tls', `cert and key are not a certificate and its private key, both as PEM: ${why}.`);
  }
  return tls;
}

const LEAST_KEPT_MS = 86_400_000;

/** @throws {FileFault} for less than a day: nobody could look at what has just ended */
function readFinalActions(file: YamlFile | undefined, { retention }: FileValue): number | undefined {
  if (!file || retention?.finalActions === undefined) return undefined;
  const ms = parseDuration(retention.finalActions) ?? 0;
  if (ms >= LEAST_KEPT_MS) return ms;
  throw faultAt(file, 'retention/finalActions', 'finalActions is P1D or more: what has ended is to be seen first.');
}

/**
 * The configuration, from the environment and the file that it names.
 * @param kinds as {@link loadConnectors} gives them; absent: the built-in ones
 * @throws {FileFault} for an unknown key, an unset variable, or a wrong value: with file, line and a suggestion
 */
export function readConfig(kinds: ConnectorKinds = BUILT_IN): Config {
  const file = readNamedFile(kinds);
  const value = (file?.value ?? {}) as FileValue;
  checkPublicUrl(file, value.server?.publicUrl);
  checkCors(file, value);
  checkHttp(file, value);
  const parts = readFile(file, kinds);
  const isLocal = parts.issuers.length === 0;
  const { server } = value;
  const httpAddress = server?.http?.address ?? '127.0.0.1';
  return {
    dataFolder: readDataFolder(),
    httpPort: readPort('INTERDICT_PORT', 8_080) ?? 8_080,
    tlsPort: readPort('INTERDICT_TLS_PORT', 8_443) ?? 8_443,
    metricsPort: readPort('INTERDICT_METRICS_PORT', undefined),
    databaseUrl: readDatabaseUrl(),
    publicUrl: server?.publicUrl,
    tlsAddress: isLocal ? '127.0.0.1' : (server?.address ?? '::'),
    httpAddress: isLocal ? '127.0.0.1' : httpAddress,
    trustedProxies: server?.http?.trustedProxies ?? [],
    corsOrigins: server?.cors?.origins ?? [],
    finalActionsMs: readFinalActions(file, value),
    requestLimits: value.limits?.requestsPerMinute ?? {},
    tls: readTls(file, value),
    notifications: readNotifications(file, faultOfAllowed),
    ...parts,
    isLocal,
    failpoints: readArmed(),
  };
}
