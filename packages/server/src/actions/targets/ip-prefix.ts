import { isIP } from 'node:net';

/** An address, or all addresses that begin alike. `first` and `last` are the numbers of its ends. */
export interface IpPrefix {
  readonly version: 4 | 6;
  /** Leading bits that are fixed: 32 or 128 for one address. */
  readonly length: number;
  readonly first: bigint;
  readonly last: bigint;
}

export const widthOf = (version: 4 | 6): 32 | 128 => (version === 4 ? 32 : 128);

const MAPPED = 0xffffn;

/** The prefix of that length around a number; its host bits are cleared. */
export function toPrefix(version: 4 | 6, address: bigint, length: number): IpPrefix {
  const free = BigInt(widthOf(version) - length);
  const first = (address >> free) << free;
  return { version, length, first, last: first | ((1n << free) - 1n) };
}

const DOT = 46;
const ZERO = 48;

/** Of four decimals, as they were found to be. */
function fourOctets(text: string): number {
  let [value, octet] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== DOT) octet = octet * 10 + code - ZERO;
    else [value, octet] = [value * 256 + octet, 0];
  }
  return value * 256 + octet;
}

/** An embedded `a.b.c.d` as the two groups that it stands for. */
function withoutDots(text: string): string {
  if (!text.includes('.')) return text;
  const cut = text.lastIndexOf(':') + 1;
  const value = fourOctets(text.slice(cut));
  return `${text.slice(0, cut)}${Math.floor(value / 65_536).toString(16)}:${(value % 65_536).toString(16)}`;
}

function eightGroups(text: string): bigint {
  const [head = '', tail] = withoutDots(text).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = '0000'.repeat(8 - left.length - right.length);
  const hex = (groups: readonly string[]): string => groups.map((group) => group.padStart(4, '0')).join('');
  return BigInt(`0x${hex(left)}${gap}${hex(right)}`);
}

/**
 * One address in plain form: IPv4 in four decimals, or any RFC 4291 spelling of IPv6 without zone.
 * `::ffff:a.b.c.d` is the IPv4 address inside.
 */
export function findAddress(text: string): IpPrefix | undefined {
  const version = text.length > 45 ? 0 : isIP(text);
  if (version === 4) return toPrefix(4, BigInt(fourOctets(text)), 32);
  if (version !== 6 || text.includes('%')) return undefined;
  const address = eightGroups(text);
  return address >> 32n === MAPPED ? toPrefix(4, address & 0xffff_ffffn, 32) : toPrefix(6, address, 128);
}

/** What the canonical value of an `ip` or `cidr` target stands for. */
export function findPrefix(value: string): IpPrefix | undefined {
  const slash = value.indexOf('/');
  if (slash === -1) return findAddress(value);
  const address = findAddress(value.slice(0, slash));
  const length = /^\d{1,3}$/.test(value.slice(slash + 1)) ? Number(value.slice(slash + 1)) : 129;
  return address && length <= address.length ? toPrefix(address.version, address.first, length) : undefined;
}
