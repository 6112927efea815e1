import { createHash } from 'node:crypto';
import type { Target, TargetKind } from '@interdict/contract';
import { findAddress, findPrefix, type IpPrefix } from '../targets/ip-prefix.ts';
import { prefixText } from '../targets/ip-text.ts';
import { hostOfUrl } from '../targets/parse-url.ts';
import { BUILT_IN } from './built-in.ts';
import type { Guarded, Hit, ProtectionRule } from './guarded.ts';
import { listInnerIpv4 } from './inner-ipv4.ts';
import { createLayer, factsOf, findLayerHit, findNetworkHit, type Layer } from './layer.ts';
import { findPublicSuffixHit, PUBLIC_SUFFIXES_DIGEST } from './public-suffix.ts';
import { type Needed, type ProtectedEntry, readEntry, readNeeded, readNeededHosts } from './read-entries.ts';

export interface ProtectionSources {
  /** The configuration's `protected`. */
  readonly configured: readonly ProtectedEntry[];
  /** What cutting off would cut off the server itself, as it was last seen. */
  readonly discovered: {
    readonly addresses: readonly Needed[];
    /** Hosts of `publicUrl`, database, issuers and providers: names, or addresses. */
    readonly domains: readonly Needed[];
    /** This machine's own names. */
    readonly hosts?: readonly Needed[];
  };
}

/** Why a target is protected. `rule` is stable; the message is a sentence that names it and what it protects. */
export interface Protection {
  readonly rule: ProtectionRule;
  readonly message: string;
}

export interface ProtectedTargets {
  /**
   * Equal for equal verdicts: order, spelling, repeats, roles, and entries inside others do not change it.
   * An action whose target was checked under another digest is checked again.
   */
  readonly digest: string;
  /** Decides by coverage, for a canonical target. Undefined: not protected. */
  refusalFor(tenantId: string, target: Target): Protection | undefined;
}

/** Raised with every change of the rules themselves: of what is built in, or of how coverage is told. */
const RULES_EDITION = 1;

/** Longest prefixes that are too wide: nobody means to block 65,536 networks of 256 addresses. */
const WIDEST = { 4: 16, 6: 32 };

type Layers = readonly Layer[];

function findFirst(layers: Layers, look: (layer: Layer) => Hit | undefined): Hit | undefined {
  for (const layer of layers) {
    const hit = look(layer);
    if (hit) return hit;
  }
  return undefined;
}

function findPrefixHit(layers: Layers, prefix: IpPrefix): Hit | undefined {
  const widest = WIDEST[prefix.version];
  if (prefix.length < widest) return { rule: 'tooWide', how: `${prefixText(prefix)} is wider than /${widest}` };
  return findFirst(layers, (layer) => findNetworkHit(layer, prefix));
}

/** IPv6 counts as itself and as the IPv4 inside. */
function findAddressHit(layers: Layers, prefix: IpPrefix): Hit | undefined {
  const hit = findPrefixHit(layers, prefix);
  if (hit || prefix.version === 4) return hit;
  for (const inner of listInnerIpv4(prefix)) {
    const inside = findPrefixHit(layers, inner.prefix);
    if (!inside) continue;
    const how = `${prefixText(prefix)} stands for ${prefixText(inner.prefix)} (${inner.form}), and ${inside.how}`;
    return { rule: inside.rule, how };
  }
  return undefined;
}

function findNameHit(layers: Layers, name: string): Hit | undefined {
  const hit = findFirst(layers, (layer) => findLayerHit(layer, { kind: 'domain', value: name }));
  return hit ?? findPublicSuffixHit(name);
}

const MAY_BE_ADDRESS: ReadonlySet<TargetKind> = new Set(['ip', 'cidr', 'host']);

function findHit(layers: Layers, target: Target): Hit | undefined {
  const { kind } = target;
  if (kind === 'domain') return findNameHit(layers, target.value);
  if (kind === 'url') {
    const host = hostOfUrl(target.value);
    const address = findAddress(host);
    return address ? findAddressHit(layers, address) : findNameHit(layers, host);
  }
  const prefix = MAY_BE_ADDRESS.has(kind) ? findPrefix(target.value) : undefined;
  const hit = prefix && findAddressHit(layers, prefix);
  return hit ?? findFirst(layers, (layer) => findLayerHit(layer, target));
}

/** Entries by tenant in lower case; `undefined` holds those that bind all. */
function groupByTenant(configured: readonly ProtectedEntry[]): ReadonlyMap<string | undefined, Guarded[]> {
  const groups = new Map<string | undefined, Guarded[]>();
  for (const [index, entry] of configured.entries()) {
    const guarded = readEntry(entry, index);
    for (const tenant of entry.tenants ?? [undefined]) {
      const key = tenant?.toLowerCase();
      groups.set(key, [...(groups.get(key) ?? []), ...guarded]);
    }
  }
  return groups;
}

function digestOf(common: readonly Guarded[], byTenant: ReadonlyMap<string, Layer>): string {
  const tenants = [...byTenant].map(([tenant, layer]) => [tenant, factsOf(layer)]).sort();
  const facts = [RULES_EDITION, PUBLIC_SUFFIXES_DIGEST, factsOf(createLayer(common)), tenants];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

/**
 * All rules at one moment. Made anew whenever the surroundings were looked at again; asking it changes nothing.
 *
 * @throws {Refusal} invalidParameter at `protected/0/ips/2` and the like, where the configuration holds no target
 */
export function createProtectedTargets({ configured, discovered }: ProtectionSources): ProtectedTargets {
  const own = [
    ...readNeeded([...discovered.addresses, ...discovered.domains]),
    ...readNeededHosts(discovered.hosts ?? []),
  ];
  const groups = groupByTenant(configured);
  const forAll = groups.get(undefined) ?? [];
  const common = [BUILT_IN, own, forAll].map(createLayer);
  const byTenant = new Map<string, Layer>();
  for (const [tenant, entries] of groups) if (tenant !== undefined) byTenant.set(tenant, createLayer(entries));
  return {
    digest: digestOf([...BUILT_IN, ...own, ...forAll], byTenant),
    refusalFor(tenantId, target) {
      const tenants = byTenant.get(tenantId.toLowerCase());
      const hit = findHit(tenants ? [...common, tenants] : common, target);
      return hit && { rule: hit.rule, message: `This target is protected (rule ${hit.rule}): ${hit.how}.` };
    },
  };
}
