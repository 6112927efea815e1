import type { Connector, ConnectorPorts } from '@interdict/connectors';
import { type OfferedAction, VOCABULARY } from '@interdict/contract';
import type { Provider } from './actions/provider.ts';
import { exampleOf, parameterSchemaOf } from './actions/targets/catalogue-row.ts';
import type { ProviderConfig } from './config/provider-config.ts';
import type { DispatchedProvider } from './dispatch/dispatcher.ts';
import type { GateTerms } from './dispatch/gates.ts';
import type { Terms } from './dispatch/terms.ts';
import { OperatorFault } from './errors.ts';
import { formatDuration, parseDuration } from './lib/duration.ts';
import { atMostByClock } from './lib/guarded-clock.ts';
import { didYouMean } from './lib/nearest-name.ts';

/** The three views of one configured provider: what it speaks through, what requests see, what the dispatcher needs. */
export interface AssembledProvider {
  readonly connector: Connector;
  readonly provider: Provider;
  readonly dispatched: DispatchedProvider;
}

const DEFAULT_VENDOR = 'Interdict';
const FALLBACK_TTL = 'PT24H';

function toOffer(config: ProviderConfig, { traits }: Connector, name: string, asksApprovals: boolean): OfferedAction {
  const action = traits.actions.find((each) => each.name === name);
  if (!action) throw new Error(`The connector of "${config.name}" offers no "${name}".`);
  const known = VOCABULARY[name];
  const defaultTtlMs = parseDuration(known?.defaultTtl ?? FALLBACK_TTL) ?? config.maxTtlMs;
  const vendor = config.vendor ?? DEFAULT_VENDOR;
  return {
    name,
    targetKind: action.targetKinds,
    parameterSchema: parameterSchemaOf(action),
    reversible: action.reversible,
    verification: traits.verification,
    lateness: formatDuration(config.latenessMs ?? traits.maxLatenessMs),
    defaultTtl: formatDuration(Math.min(defaultTtlMs, config.maxTtlMs)),
    maxTtl: formatDuration(config.maxTtlMs),
    approval: asksApprovals && known?.approval ? 1 : 0,
    openC2: known?.openC2 ?? null,
    d3fend: known?.d3fend ?? null,
    example: exampleOf(action, { name: config.name, vendor }),
  };
}

const namesOffered = ({ settings }: ProviderConfig, { traits }: Connector): readonly string[] =>
  traits.actions.map(({ name }) => name).filter((name) => settings.actions?.includes(name) ?? true);

function toProvider(config: ProviderConfig, key: string, connector: Connector, asksApprovals: boolean): Provider {
  const { traits } = connector;
  return {
    key,
    name: config.name,
    aliases: config.aliases,
    vendor: config.vendor ?? DEFAULT_VENDOR,
    isVendorGiven: config.vendor !== undefined,
    connector: config.kind.name,
    tenants: config.tenants && new Set(config.tenants),
    isRetired: config.isRetired,
    simulated: traits.simulated,
    offers: namesOffered(config, connector).map((name) => toOffer(config, connector, name, asksApprovals)),
    irreversible: traits.actions.filter(({ reversible }) => !reversible).map(({ name }) => name),
    maxTtlMs: config.maxTtlMs,
    deadlineMs: config.deadlineMs,
    reporters: config.reporters,
    isPulled: connector.isPulled === true,
    probes: traits.probe !== 'none',
  };
}

/** One by one only where that is the only way to look, and where a look shows the product itself. */
function looksOneByOne({ traits, list }: Connector): boolean {
  return list === undefined && traits.probe !== 'none' && traits.verification === 'readBack';
}

function toTerms(config: ProviderConfig, connector: Connector): Terms {
  const { traits } = connector;
  return {
    provider: config.name,
    probes: traits.probe !== 'none',
    seesForeign: traits.seesForeign,
    ...(traits.sparesForeign && { sparesForeign: traits.sparesForeign }),
    keepsTime: traits.keepsTime,
    repeats: traits.idempotence !== 'none',
    verification: traits.verification,
    latenessMs: atMostByClock(config.latenessMs ?? traits.maxLatenessMs),
    timeoutMs: config.timeoutMs ?? traits.timeoutMs,
    deadlineMs: config.deadlineMs,
    verifyEveryMs: looksOneByOne(connector) ? config.verifyEveryMs : null,
    lists: connector.list !== undefined,
    ...(connector.isPulled && { pulled: true as const }),
    irreversible: traits.actions.filter(({ reversible }) => !reversible).map(({ name }) => name),
  };
}

const fewer = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);

/**
 * An operator may know of a limit that the connector does not; neither lifts the other's. How many calls there may be at
 * once is no limit of a product, but what is polite to one of which nothing is known: there the operator's word counts.
 */
function limitsOf({ limits }: ProviderConfig, { traits }: Connector): GateTerms['limits'] {
  const { concurrency, perMinute, perHour } = traits.limits;
  return {
    concurrency: limits.concurrency ?? concurrency,
    perMinute: fewer(limits.perMinute, perMinute),
    perHour: fewer(limits.perHour, perHour),
  };
}

const faultOf = ({ name, faultAt }: ProviderConfig, key: string, words: string): OperatorFault =>
  faultAt?.(key, words) ?? new OperatorFault(`Provider "${name}": ${words}`);

function openConnector(config: ProviderConfig, ports: ConnectorPorts): Connector {
  try {
    return config.kind.open(config.settings, ports);
  } catch (error) {
    throw faultOf(config, '', error instanceof Error ? error.message : String(error));
  }
}

function checkActions(config: ProviderConfig, { traits }: Connector): void {
  const offered = traits.actions.map(({ name }) => name);
  const index = (config.settings.actions ?? []).findIndex((name) => !offered.includes(name));
  if (index === -1) return;
  const named = config.settings.actions?.[index] ?? '';
  const hint = didYouMean(named, offered) || ` It offers: ${offered.join(', ')}.`;
  throw faultOf(config, `actions/${index}`, `The connector ${config.kind.name} offers no "${named}".${hint}`);
}

/** A product with one entry for a target and no place for a mark would lift one tenant's block for another. */
function checkTenants(config: ProviderConfig, { traits }: Connector): void {
  if (traits.tenants !== 'one' || config.tenants?.length === 1) return;
  const words = `The connector ${config.kind.name} cannot keep tenants apart: name the one that it serves, as in "tenants: [<id>]".`;
  throw faultOf(config, config.tenants ? 'tenants' : '', words);
}

/** A name each, for slots, health and metrics. The name of the configuration, with a number where several bear it. */
function keysOf(configs: readonly ProviderConfig[]): readonly string[] {
  return configs.map(({ name }, index) => {
    const same = configs.filter((other) => other.name === name);
    return same.length === 1
      ? name
      : `${name} #${configs.slice(0, index + 1).filter((other) => other.name === name).length}`;
  });
}

function assembleProvider(
  config: ProviderConfig,
  key: string,
  ports: ConnectorPorts,
  asksApprovals: boolean,
): AssembledProvider {
  const connector = openConnector(config, ports);
  checkActions(config, connector);
  checkTenants(config, connector);
  const tenants = config.tenants && new Set(config.tenants);
  const reconcileEveryMs = connector.list ? config.verifyEveryMs : undefined;
  return {
    connector,
    provider: toProvider(config, key, connector, asksApprovals),
    dispatched: {
      ...{ key, terms: toTerms(config, connector), connector, tenants, reconcileEveryMs },
      limits: limitsOf(config, connector),
    },
  };
}

/** Opens each provider's connector, and makes what each room needs to know of it. @throws {OperatorFault} */
export function assembleProviders(
  configs: readonly ProviderConfig[],
  ports: ConnectorPorts,
  asksApprovals: boolean,
): readonly AssembledProvider[] {
  const keys = keysOf(configs);
  return configs.map((config, index) => assembleProvider(config, keys[index] ?? config.name, ports, asksApprovals));
}
