import { BlockList, isIP, isIPv4 } from 'node:net';
import { type AddressGuard, isPublicAddress } from '@interdict/connectors';
import { baseOf, isBase, readNetwork } from './allowed-network.ts';

/**
 * Where clouds keep the keys of a machine, and what carries other addresses within it: a name never leads there, but to
 * those that are public.
 */
const NEVER_BY_NAME: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['169.254.0.0', 16, 'ipv4'],
  ['100.100.100.200', 32, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'],
  ['192.0.0.192', 32, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::', 32, 'ipv6'],
  ['fd20:ce::254', 128, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['64:ff9b:1::', 48, 'ipv6'],
  ['::ffff:0:0:0', 96, 'ipv6'],
  ['2001::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
];

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6');

function neverByName(): BlockList {
  const list = new BlockList();
  for (const [network, length, family] of NEVER_BY_NAME) list.addSubnet(network, length, family);
  return list;
}

const NAME = /^(?=.{1,253}\.?$)(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d])?\.)*[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d])?\.?$/i;

/** What is wrong with an entry of `notifications.allow`; undefined where nothing is. */
export function faultOfAllowed(entry: string): string | undefined {
  const found = readNetwork(entry);
  if (!found) {
    const isName = NAME.test(entry) && !/^[\d.]+$/.test(entry);
    return isName ? undefined : `"${entry.slice(0, 100)}" is neither a host name nor a network, as in 10.1.0.0/16.`;
  }
  if (found.length === 0) return `"${entry}" is every address there is. Name the networks of your receivers.`;
  if (isBase(found)) return undefined;
  return `"${entry}" has bits behind its prefix. Write ${baseOf(found)}/${found.length}, or the address without "/".`;
}

const plainName = (hostname: string): string => hostname.toLowerCase().replace(/\.$/, '');

/**
 * Receivers have public addresses, or those that the operator named: by network whatever lies in it, by host name every
 * address that the name has but link-local ones and those of metadata.
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
