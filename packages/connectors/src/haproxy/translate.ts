import type { Target, TargetKind } from '@interdict/contract';
import type { Effect } from '../connector.ts';
import { findNetwork, networkText, widthOf } from '../nftables/network.ts';
import type { MapKind } from './config.ts';

/** One line of a map, as it is or is to be: an effect of one tenant. */
export interface Entry {
  readonly map: MapKind;
  readonly key: string;
  /** What says whose it is. */
  readonly value: string;
}

const OWN = /^interdict:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const TENANT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const ACTION_OF: Readonly<Record<MapKind, string>> = { ip: 'BlockIp', domain: 'BlockDomain', url: 'BlockUrl' };

/** One word of printable ASCII: nothing else is ever written to the socket or to a file. */
const WORD = /^[\x21-\x7e]+$/;
/** HAProxy reads lines of its files, and payloads, into buffers of 16 KB. */
const LONGEST_KEY = 4_000;

const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

function ipKey({ kind, value }: Target): string | undefined {
  const network = findNetwork(value);
  if (!network) return undefined;
  const isAddress = network.length === widthOf(network.version);
  return isAddress === (kind === 'ip') ? networkText(network) : undefined;
}

/**
 * With a query: the whole of it. Else a path and all below it: `d:` where the path ends with a slash, `b:` with a slash
 * put behind it where it does not, so that `/bad` is not `/badger`.
 */
function urlKey({ value }: Target): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username || url.password || url.hash) return undefined;
  if (url.href !== value) return undefined;
  if (url.search) return `q:${value}`;
  return value.endsWith('/') ? `d:${value}` : `b:${value}/`;
}

const domainKey = ({ value }: Target): string | undefined => (DOMAIN.test(value) ? `.${value}` : undefined);

type KeyOf = (target: Target) => string | undefined;
const MAPS: Partial<Record<TargetKind, readonly [MapKind, KeyOf]>> = {
  ip: ['ip', ipKey],
  cidr: ['ip', ipKey],
  domain: ['domain', domainKey],
  url: ['url', urlKey],
};

/** The line of an effect; a sentence where there is none for it. */
export function toEntry({ tenantId, action, target }: Effect): Entry | string {
  const found = MAPS[target.kind];
  if (!found || ACTION_OF[found[0]] !== action)
    return `HAProxy offers no ${action} of a target of kind ${target.kind}.`;
  const [map, keyOf] = found;
  const key = keyOf(target);
  if (key === undefined || !WORD.test(key)) return `The target is no ${target.kind} in canonical form.`;
  if (key.length > LONGEST_KEY) return `The target is longer than the ${LONGEST_KEY} characters that a map can hold.`;
  if (!TENANT.test(tenantId)) return 'The tenant is no GUID.';
  return { map, key, value: `interdict:${tenantId}` };
}

export const tenantOf = (value: string): string | undefined => OWN.exec(value)?.[1];

/** What a key blocks; undefined for one that is in no form of ours. */
export function toTarget(map: MapKind, key: string): Target | undefined {
  if (map === 'ip') {
    const network = findNetwork(key);
    if (!network) return undefined;
    const isAddress = network.length === widthOf(network.version);
    return { kind: isAddress ? 'ip' : 'cidr', value: networkText(network) };
  }
  if (map === 'domain') return key.startsWith('.') ? { kind: 'domain', value: key.slice(1) } : undefined;
  const [, form, url = ''] = /^([bdq]):(.+)$/.exec(key) ?? [];
  if (form === undefined) return undefined;
  return { kind: 'url', value: form === 'b' ? url.replace(/\/$/, '') : url };
}

export const actionOf = (map: MapKind): string => ACTION_OF[map];
