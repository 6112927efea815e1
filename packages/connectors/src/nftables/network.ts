import { isIP, isIPv4 } from 'node:net';

/** One address, or all that begin alike, in canonical form: the only text of a caller that ever reaches nft. */
export interface Network {
  readonly version: 4 | 6;
  /** Leading bits that are fixed: 32 or 128 for one address. */
  readonly length: number;
  /** The first address, canonical, without the length. */
  readonly address: string;
  readonly first: bigint;
}

export const widthOf = (version: 4 | 6): 32 | 128 => (version === 4 ? 32 : 128);

const fourDecimals = (number: bigint): string =>
  [24n, 16n, 8n, 0n].map((shift) => ((number >> shift) & 255n).toString()).join('.');

/** Where the longest run of two or more zero groups starts, and its length; the first of equals. */
function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  let run = 0;
  for (const [index, group] of groups.entries()) {
    run = group === '0' ? run + 1 : 0;
    if (run > best.length) best = { start: index - run + 1, length: run };
  }
  return best;
}

/** @see https://www.rfc-editor.org/rfc/rfc5952 */
function rfc5952(number: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((number >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const zeros = longestZeros(groups);
  if (zeros.start === -1) return groups.join(':');
  return `${groups.slice(0, zeros.start).join(':')}::${groups.slice(zeros.start + zeros.length).join(':')}`;
}

/** The canonical text of an address. Never with an embedded IPv4 address, which nft prints in `::/96`. */
const addressText = (version: 4 | 6, number: bigint): string =>
  version === 4 ? fourDecimals(number) : rfc5952(number);

const fourOctets = (text: string): bigint =>
  text.split('.').reduce((number, octet) => number * 256n + BigInt(octet), 0n);

function eightGroups(text: string): bigint {
  const cut = text.lastIndexOf(':') + 1;
  const isMixed = text.includes('.', cut);
  const inner = isMixed ? fourOctets(text.slice(cut)) : 0n;
  const plain = isMixed
    ? `${text.slice(0, cut)}${(inner >> 16n).toString(16)}:${(inner & 0xffffn).toString(16)}`
    : text;
  const [head = '', tail = ''] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const hex = (groups: readonly string[]): string => groups.map((group) => group.padStart(4, '0')).join('');
  return BigInt(`0x${hex(left)}${'0000'.repeat(8 - left.length - right.length)}${hex(right)}`);
}

/** The number of an address in any plain spelling, as nft may print it; without zone. */
function findAddress(text: string): { version: 4 | 6; number: bigint } | undefined {
  const version = text.length > 45 || text.includes('%') ? 0 : isIP(text);
  if (version === 4) return { version, number: fourOctets(text) };
  return version === 6 ? { version, number: eightGroups(text) } : undefined;
}

/** The canonical text of an address in any plain spelling. */
export function findAddressText(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const found = findAddress(text);
  return found && addressText(found.version, found.number);
}

function findLength(text: string | undefined, width: number): number | undefined {
  if (text === undefined) return width;
  return /^[1-9]\d{0,2}$/.test(text) && Number(text) < width ? Number(text) : undefined;
}

const MAPPED = 0xffffn;

/**
 * What a canonical target stands for; undefined for all else: other spellings, names, host bits, zones,
 * IPv4 inside IPv6, and the network of all addresses.
 */
export function findNetwork(text: string): Network | undefined {
  const [address = '', lengthText, ...more] = text.split('/');
  const found = findAddress(address);
  if (!found || more.length > 0 || addressText(found.version, found.number) !== address) return undefined;
  const { version, number } = found;
  if (version === 6 && number >> 32n === MAPPED) return undefined;
  const length = findLength(lengthText, widthOf(version));
  if (length === undefined) return undefined;
  const free = BigInt(widthOf(version) - length);
  return (number >> free) << free === number ? { version, length, address, first: number } : undefined;
}

export const networkText = (network: Network): string =>
  network.length === widthOf(network.version) ? network.address : `${network.address}/${network.length}`;

/** Of two networks with an address in common one lies in the other. */
export function overlap(one: Network, other: Network): boolean {
  if (one.version !== other.version) return false;
  const free = BigInt(widthOf(one.version) - Math.min(one.length, other.length));
  return one.first >> free === other.first >> free;
}

/** The mask whose ones are the fixed bits, as an address. */
export function maskText(version: 4 | 6, length: number): string {
  const free = BigInt(widthOf(version) - length);
  return addressText(version, ((1n << BigInt(length)) - 1n) << free);
}
