import type { Target, TargetKind } from '@interdict/contract';
import { explainIp } from './explain-ip.ts';
import { invalidParameter } from './invalid-parameter.ts';
import { findAddress, type IpPrefix, toPrefix, widthOf } from './ip-prefix.ts';
import { prefixText } from './ip-text.ts';
import { quoted } from './quoted.ts';

/** The prefix length of a mask in four decimals; undefined where its ones are not all in front. */
function lengthOfMask(text: string): number | undefined {
  const mask = findAddress(text);
  if (mask?.version !== 4) return undefined;
  const length = mask.first.toString(2).replace(/0+$/, '').length;
  return toPrefix(4, 0xffff_ffffn, length).first === mask.first ? length : undefined;
}

function parseLength(text: string, address: string, widest: number, path: string): number {
  if (/^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= widest) return Number(text);
  const length = lengthOfMask(text);
  const meant = length === undefined ? '' : ` Did you mean "${address}/${length}"?`;
  throw invalidParameter(
    path,
    `${quoted(`${address}/${text}`)} has no prefix length: behind the slash stands a whole number from 0 to ${widest}.${meant}`,
  );
}

/** In a mapped prefix (`::ffff:203.0.113.0/120`) the length counts from the front of the IPv6 address. */
function lengthInside(address: IpPrefix, spelledAsIpv6: boolean, length: number, text: string, path: string): number {
  if (address.version === 6 || !spelledAsIpv6) return length;
  if (length >= 96) return length - 96;
  throw invalidParameter(
    path,
    `${quoted(text)} reaches beyond the IPv4-mapped addresses: give the IPv4 network in four decimals.`,
  );
}

function parsePrefix(text: string, path: string): IpPrefix {
  const slash = text.indexOf('/');
  const addressPart = slash === -1 ? text : text.slice(0, slash);
  const address = findAddress(addressPart);
  if (!address) throw invalidParameter(path, explainIp(addressPart, text.slice(addressPart.length)));
  if (slash === -1) return address;
  const isIpv6 = addressPart.includes(':');
  const sent = parseLength(text.slice(slash + 1), addressPart, widthOf(isIpv6 ? 6 : 4), path);
  const network = toPrefix(address.version, address.first, lengthInside(address, isIpv6, sent, text, path));
  if (network.first === address.first) return network;
  throw invalidParameter(path, `${quoted(text)} has host bits set: the network is ${prefixText(network)}.`);
}

/**
 * One address or one network; `/32` and `/128` are addresses.
 *
 * @param kinds `ip`, `cidr` or both
 * @throws {Refusal} invalidParameter
 * @see https://www.rfc-editor.org/rfc/rfc5952
 */
export function parseIp(kinds: readonly TargetKind[], text: string, path: string): Target {
  const prefix = parsePrefix(text, path);
  const kind = prefix.length === widthOf(prefix.version) ? 'ip' : 'cidr';
  if (kinds.includes(kind)) return { kind, value: prefixText(prefix) };
  const wanted = kind === 'cidr' ? 'one address, not a network' : 'a network, not one address';
  throw invalidParameter(path, `${quoted(text)} cannot be taken: this provider's action takes ${wanted}.`);
}
