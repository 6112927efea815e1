import type { ConnectorKind, ProviderSettings } from '@interdict/connectors';
import { parseDuration } from '../lib/duration.ts';
import { type FileFault, faultAt, type YamlFile } from '../lib/read-yaml.ts';
import { type Environment, readSecret } from './config-file.ts';
import type { ConnectorKinds } from './connector-kinds.ts';

/** A provider as it is configured: what every one has, and what its connector wants. Durations in milliseconds. */
export interface ProviderConfig {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly vendor: string | undefined;
  readonly tenants: readonly string[] | undefined;
  readonly kind: ConnectorKind;
  readonly settings: ProviderSettings;
  readonly timeoutMs: number | undefined;
  readonly latenessMs: number | undefined;
  readonly deadlineMs: number;
  readonly maxTtlMs: number;
  readonly verifyEveryMs: number;
  /** What its product takes for one tenant, as the operator knows. */
  readonly limits: { readonly perMinute?: number; readonly perHour?: number; readonly concurrency?: number };
  readonly isRetired: boolean;
  /** Ids of applications, in lower case. */
  readonly reporters: readonly string[];
  /** Says where the operator wrote it; undefined for what is built in. */
  readonly faultAt: ((key: string, message: string) => FileFault) | undefined;
}

const DAY_MS = 86_400_000;
const DEFAULTS = { deadlineMs: DAY_MS, maxTtlMs: 365 * DAY_MS, verifyEveryMs: 30_000 };

/** What a provider of this name is when nothing is configured of it. */
export const plainProvider = (name: string, kind: ConnectorKind): ProviderConfig => ({
  name,
  aliases: [],
  vendor: undefined,
  tenants: undefined,
  kind,
  settings: { name, own: {} },
  timeoutMs: undefined,
  latenessMs: undefined,
  ...DEFAULTS,
  limits: {},
  isRetired: false,
  reporters: [],
  faultAt: undefined,
});

interface FileProvider extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly connector: string;
  readonly aliases?: readonly string[];
  readonly vendor?: string;
  readonly tenants?: readonly string[];
  readonly actions?: readonly string[];
  readonly retired?: boolean;
  readonly reporters?: readonly string[];
  readonly simulated?: boolean;
  readonly limits?: ProviderConfig['limits'];
}

interface Reading {
  readonly file: YamlFile;
  readonly environment: Environment;
  readonly kinds: ConnectorKinds;
  readonly hasIssuers: boolean;
}

function ownKeys(
  reading: Reading,
  provider: FileProvider,
  kind: ConnectorKind,
  place: string,
): ProviderSettings['own'] {
  const names = Object.keys(kind.configSchema.properties).filter((name) => name in provider);
  return Object.fromEntries(
    names.map((name) => [
      name,
      kind.secretKeys.includes(name)
        ? readSecret(reading.file, `${place}/${name}`, reading.environment)
        : provider[name],
    ]),
  );
}

const durationOf = (provider: FileProvider, name: string): number | undefined => {
  const value = provider[name];
  return typeof value === 'string' ? parseDuration(value) : undefined;
};

function checkSimulated({ file, hasIssuers }: Reading, provider: FileProvider, place: string): void {
  if (provider.connector !== 'simulator' || !hasIssuers || provider.simulated === true) return;
  const words = 'A simulator enforces nothing. Beside a configured issuer it needs "simulated: true".';
  throw faultAt(file, `${place}/connector`, words);
}

function toProvider(reading: Reading, provider: FileProvider, index: number): ProviderConfig {
  const place = `providers/${index}`;
  checkSimulated(reading, provider, place);
  const kind = reading.kinds.get(provider.connector);
  if (!kind) throw new Error(`The connector ${provider.connector} was checked before.`);
  const { name, actions } = provider;
  const settings = { name, ...(actions && { actions }), own: ownKeys(reading, provider, kind, place) };
  return {
    ...plainProvider(name, kind),
    aliases: provider.aliases ?? [],
    vendor: provider.vendor,
    tenants: provider.tenants?.map((tenant) => tenant.toLowerCase()),
    settings,
    timeoutMs: durationOf(provider, 'timeout'),
    latenessMs: durationOf(provider, 'lateness'),
    deadlineMs: durationOf(provider, 'deadline') ?? DEFAULTS.deadlineMs,
    maxTtlMs: durationOf(provider, 'maxTtl') ?? DEFAULTS.maxTtlMs,
    verifyEveryMs: durationOf(provider, 'verifyEvery') ?? DEFAULTS.verifyEveryMs,
    limits: provider.limits ?? {},
    isRetired: provider.retired ?? false,
    reporters: (provider.reporters ?? []).map((appId) => appId.toLowerCase()),
    faultAt: (key, message) => faultAt(reading.file, key === '' ? place : `${place}/${key}`, message),
  };
}

const shareTenants = (one: ProviderConfig, other: ProviderConfig): boolean =>
  one.tenants === undefined || other.tenants === undefined || one.tenants.some((t) => other.tenants?.includes(t));

const namesOf = ({ name, aliases }: ProviderConfig): string[] => [name, ...aliases].map((each) => each.toLowerCase());

/** Two providers of one tenant never answer to one name. */
function refuseSharedNames(file: YamlFile, providers: readonly ProviderConfig[]): void {
  for (const [index, provider] of providers.entries()) {
    const other = providers.slice(0, index).find((earlier) => {
      const taken = namesOf(earlier);
      return shareTenants(earlier, provider) && namesOf(provider).some((name) => taken.includes(name));
    });
    if (!other) continue;
    const words = `"${provider.name}" and "${other.name}" share a name or alias, and a tenant. Names must be told apart.`;
    throw faultAt(file, `providers/${index}/name`, words);
  }
}

/** What a connector has for one provider alone is given to one, whatever the tenants: each would lift the other's blocks. */
function refuseSharedOwnership(file: YamlFile, providers: readonly ProviderConfig[]): void {
  const ownerOf = new Map<string, string>();
  for (const [index, { name, kind, settings }] of providers.entries()) {
    const owned = kind.exclusiveOf?.(settings);
    if (owned === undefined) continue;
    const key = `${kind.name} ${owned}`;
    const owner = ownerOf.get(key);
    if (owner !== undefined) {
      const words = `"${name}" and "${owner}" share ${owned}: each would take back what the other holds. Give each its own.`;
      throw faultAt(file, `providers/${index}`, words);
    }
    ownerOf.set(key, name);
  }
}

/** The providers of a file, each with its secrets. @throws {FileFault} */
export function readProviders(reading: Reading, providers: readonly FileProvider[]): readonly ProviderConfig[] {
  const read = providers.map((provider, index) => toProvider(reading, provider, index));
  refuseSharedNames(reading.file, read);
  refuseSharedOwnership(reading.file, read);
  return read;
}
