import type { Effect } from '../connector.ts';
import { findNetwork, networkText, widthOf } from '../nftables/network.ts';

/** Where an effect stands in the local API. */
export interface Entry {
  /** A GUID in lower case. */
  readonly tenant: string;
  readonly scope: 'Ip' | 'Range';
  /** Canonical: the only text of a caller that is ever sent. */
  readonly value: string;
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MARK = /^interdict:([0-9a-f-]{36}):([0-9a-f.:/]{2,43}):(\d{13})$/;

export const ORIGIN = 'interdict';

export const findTenant = (tenantId: string): string | undefined =>
  GUID.test(tenantId) ? tenantId.toLowerCase() : undefined;

/** One entry, as a key of a map. */
export const entryKey = ({ tenant, value }: Entry): string => `${tenant} ${value}`;

/** The address or network that a decision is about; undefined where no effect could name it. */
export function findScope(value: string): Entry['scope'] | undefined {
  const network = findNetwork(value);
  if (!network || networkText(network) !== value) return undefined;
  return network.length === widthOf(network.version) ? 'Ip' : 'Range';
}

/**
 * Whatever a caller checked before: the target is checked once more, since the local API answers 201 to alerts of which
 * it dropped a decision. A sentence says why not.
 */
export function toEntry({ tenantId, action, target }: Effect, ranges: boolean): Entry | string {
  const tenant = findTenant(tenantId);
  if (!tenant) return 'The tenant is no GUID, so no decision could be told apart by it.';
  if (action !== 'BlockIp') return 'CrowdSec takes BlockIp only.';
  const scope = findScope(target.value);
  if (!scope || target.kind !== (scope === 'Ip' ? 'ip' : 'cidr')) {
    return `The target ${JSON.stringify(`${target.kind}:${target.value}`.slice(0, 80))} is no canonical IP address or network.`;
  }
  if (scope === 'Range' && !ranges) return 'Networks are not sent to CrowdSec here: the provider has no ranges: true.';
  return { tenant, scope, value: target.value };
}

export interface Mark {
  readonly tenant: string;
  readonly value: string;
  readonly since: number;
}

/** The scenario of a decision: whose it is, what it blocks, and since when in milliseconds of the epoch. */
export const toMark = ({ tenant, value }: Entry, since: number): string =>
  `${ORIGIN}:${tenant}:${value}:${String(since).padStart(13, '0')}`;

/** What {@link toMark} was made from; undefined for a scenario of somebody else. */
export function findMark(scenario: string): Mark | undefined {
  const [, tenant, value, since] = MARK.exec(scenario) ?? [];
  return tenant && value ? { tenant, value, since: Number(since) } : undefined;
}
