import type { Effect } from '../connector.ts';
import { findNetwork, type Network, networkText, widthOf } from './network.ts';

/** Where an effect stands in the table: one element of one set. */
export interface Entry {
  /** The tenant's GUID as 32 hex digits. */
  readonly tenant: string;
  readonly set: string;
  readonly network: Network;
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const SET = /^block([46])_(\d{1,3})_([0-9a-f]{32})$/;

/** The 32 hex digits of a tenant's GUID; undefined where it is none. */
export const findTenant = (tenantId: string): string | undefined =>
  GUID.test(tenantId) ? tenantId.replaceAll('-', '').toLowerCase() : undefined;

/** A set for each tenant and prefix length: one tenant's release cannot touch what another wants. */
export const setName = (tenant: string, version: 4 | 6, length: number): string =>
  `block${version}_${length}_${tenant}`;

export interface BlockSet {
  readonly version: 4 | 6;
  readonly length: number;
  readonly tenant: string;
}

/** What {@link setName} was made from; undefined for a set that holds no blocks. */
export function findSet(name: string): BlockSet | undefined {
  const [, version, length, tenant = ''] = SET.exec(name) ?? [];
  return version ? { version: version === '4' ? 4 : 6, length: Number(length), tenant } : undefined;
}

/** One entry of the whole table, as a key of a map. */
export const entryKey = (entry: Entry): string => `${entry.set} ${entry.network.address}`;

/**
 * Whatever a caller checked before: the target is checked once more, since nft takes a name for an address
 * and asks DNS. A sentence says why not.
 */
export function toEntry({ tenantId, action, target }: Effect): Entry | string {
  const tenant = findTenant(tenantId);
  if (!tenant) return 'The tenant is no GUID, so nothing in the table could be told apart by it.';
  if (action !== 'BlockIp') return 'nftables takes BlockIp only.';
  const network = findNetwork(target.value);
  const kind = network && network.length === widthOf(network.version) ? 'ip' : 'cidr';
  if (!network || target.kind !== kind || networkText(network) !== target.value) {
    return `The target ${JSON.stringify(`${target.kind}:${target.value}`.slice(0, 80))} is no canonical IP address or network.`;
  }
  return { tenant, set: setName(tenant, network.version, network.length), network };
}
