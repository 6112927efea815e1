import type { ProviderSettings } from '../connector-kind.ts';
import { findSet, findTenant, setName } from './entry.ts';
import { allChains, type Chain, NEVER_SETS, PRIORITY, setType } from './layout.ts';
import { type Network, networkText } from './network.ts';
import { ruleText } from './rule.ts';
import { readSettings } from './settings.ts';

interface Prefix {
  readonly version: 4 | 6;
  readonly length: number;
}

const ADDRESSES: readonly Prefix[] = [
  { version: 4, length: 32 },
  { version: 6, length: 128 },
];

function chainLines(table: string, { name, hook, rules }: Chain): string[] {
  const enter = hook ? ` { type filter hook ${hook} priority ${PRIORITY}; policy accept; }` : '';
  return [
    `add chain inet ${table} ${name}${enter}`,
    `flush chain inet ${table} ${name}`,
    ...rules.map((rule) => `add rule inet ${table} ${name} ${ruleText(rule)}`),
  ];
}

function neverLines(table: string, never: readonly Network[]): string[] {
  return NEVER_SETS.flatMap(({ name, version, type }) => {
    const members = never.filter((network) => network.version === version).map(networkText);
    const fill = members.length > 0 ? [`add element inet ${table} ${name} { ${members.join(', ')} }`] : [];
    return [
      `add set inet ${table} ${name} { type ${type}; flags interval; }`,
      `flush set inet ${table} ${name}`,
      ...fill,
    ];
  });
}

/** Chains without their rules first: a jump needs its goal. */
const madeFirst = (lines: readonly string[]): string[] => [
  ...lines.filter((line) => line.startsWith('add chain')),
  ...lines.filter((line) => !line.startsWith('add chain')),
];

/**
 * The table as the connector would make it, for `nft -f`: what an administrator loads before the server starts, where
 * the server may fill sets but not make them. Loaded later it takes away the rules of sets that it does not name.
 *
 * @param tenantIds GUIDs of all tenants of the provider
 * @param prefixes for which each tenant gets a set; without them single addresses can be blocked
 * @throws {Error} where the settings are wrong or a tenant's id is no GUID
 */
export function rulesetText(settings: ProviderSettings, tenantIds: readonly string[], prefixes = ADDRESSES): string {
  const { table, never } = readSettings(settings);
  const sets = tenantIds.flatMap((tenantId) => {
    const tenant = findTenant(tenantId);
    if (!tenant) throw new Error(`${JSON.stringify(tenantId)} is no tenant's GUID.`);
    return prefixes.map(({ version, length }) => setName(tenant, version, length));
  });
  const setLines = sets.map((name) => {
    const version = findSet(name)?.version ?? 4;
    return `add set inet ${table} ${name} { type ${setType(version)}; flags timeout; }`;
  });
  const chains = allChains(sets).flatMap((chain) => chainLines(table, chain));
  return `${[`add table inet ${table}`, ...neverLines(table, never), ...setLines, ...madeFirst(chains)].join('\n')}\n`;
}
