import { BlockList, isIP, isIPv4 } from 'node:net';
import { type AddressGuard, isPublicAddress } from '@interdict/connectors';

/** Link-local addresses, where clouds keep the keys of a machine: a name never leads there. */
const NEVER_BY_NAME: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['169.254.0.0', 16, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::', 32, 'ipv6'],
  ['100.100.100.200', 32, 'ipv4'],
];

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6');

function neverByName(): BlockList {
  const list = new BlockList();
  for (const [network, length, family] of NEVER_BY_NAME) list.addSubnet(network, length, family);
  return list;
}

const NAME = /^(?=.{1,253}\.?$)(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d])?\.)*[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d])?\.?$/i;

interface AllowedNetwork {
  readonly network: string;
  readonly length: number;
}

function readNetwork(entry: string): AllowedNetwork | undefined {
  const [network = '', length, ...more] = entry.split('/');
  if (isIP(network) === 0 || more.length > 0) return undefined;
  const most = isIPv4(network) ? 32 : 128;
  if (length === undefined) return { network, length: most };
  return /^\d{1,3}$/.test(length) && Number(length) <= most ? { network, length: Number(length) } : undefined;
}

/** What is wrong with an entry of `notifications.allow`; undefined where nothing is. */
export function faultOfAllowed(entry: string): string | undefined {
  if (readNetwork(entry)) return undefined;
  const isName = NAME.test(entry) && !/^[\d.]+$/.test(entry);
  return isName ? undefined : `"${entry.slice(0, 100)}" is neither a host name nor a network, as in 10.1.0.0/16.`;
}

const plainName = (hostname: string): string => hostname.toLowerCase().replace(/\.$/, '');

/**
 * Receivers have public addresses, or those that the operator named: by network whatever lies in it, by host name every
 * address that the name has but link-local ones.
 */
export function createReceiverGuard(allow: readonly string[]): AddressGuard {
  const networks = new BlockList();
  const names = new Set<string>();
  for (const entry of allow) {
    const found = readNetwork(entry);
    if (found) networks.addSubnet(found.network, found.length, familyOf(found.network));
    else names.add(plainName(entry));
  }
  const never = neverByName();
  return {
    permission: 'notifications.allow does not name it',
    isAllowed: (hostname, address) =>
      isPublicAddress(address) ||
      (isIP(address) !== 0 && networks.check(address, familyOf(address))) ||
      (names.has(plainName(hostname)) && isIP(address) !== 0 && !never.check(address, familyOf(address))),
  };
}
