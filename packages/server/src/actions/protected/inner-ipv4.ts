import { findAddress, type IpPrefix, toPrefix } from '../targets/ip-prefix.ts';

/** An IPv4 network that lies inside an IPv6 one. */
export interface InnerIpv4 {
  readonly form: string;
  readonly prefix: IpPrefix;
}

/** Bits of an IPv6 address: where they begin, counted from the front, and how many. */
interface Bits {
  readonly start: number;
  readonly count: number;
  /** Made once, not at each check: these run before every call of a product. */
  readonly shift: bigint;
  readonly mask: bigint;
}

const bits = (start: number, count: number): Bits => ({
  start,
  count,
  shift: BigInt(128 - start - count),
  mask: (1n << BigInt(count)) - 1n,
});

interface Form {
  readonly name: string;
  readonly area: IpPrefix;
  readonly address: readonly Bits[];
  /** Bits that are zero in every address of the form. */
  readonly zeros: readonly Bits[];
  /** Teredo sends the client's address with every bit inverted. */
  readonly isInverted: boolean;
}

function aForm(
  name: string,
  area: string,
  address: readonly Bits[],
  zeros: readonly Bits[] = [],
  isInverted = false,
): Form {
  const [first = '', length] = area.split('/');
  const start = findAddress(first)?.first ?? 0n;
  return { name, area: toPrefix(6, start, Number(length)), address, zeros, isInverted };
}

const AT_THE_END: readonly Bits[] = [bits(96, 32)];

/**
 * RFC 4291 §2.5.5, RFC 2765 §2.1, RFC 6052 §2.2 (all four lengths, since RFC 8215 leaves the choice to the
 * operator), RFC 3056, RFC 4380.
 */
const FORMS: readonly Form[] = [
  aForm('IPv4-compatible', '::/96', AT_THE_END),
  // findAddress reads a mapped address as IPv4; the area of the mapped ones is written down as a number.
  { ...aForm('IPv4-mapped', '::/96', AT_THE_END), area: toPrefix(6, 0xffff_0000_0000n, 96) },
  aForm('IPv4-translated', '::ffff:0:0:0/96', AT_THE_END),
  aForm('NAT64', '64:ff9b::/96', AT_THE_END),
  aForm('NAT64', '64:ff9b:1::/48', AT_THE_END),
  aForm('NAT64', '64:ff9b:1::/48', [bits(72, 32)], [bits(64, 8), bits(104, 24)]),
  aForm('NAT64', '64:ff9b:1::/48', [bits(56, 8), bits(72, 24)], [bits(64, 8), bits(96, 32)]),
  aForm('NAT64', '64:ff9b:1::/48', [bits(48, 16), bits(72, 16)], [bits(64, 8), bits(88, 40)]),
  aForm('6to4', '2002::/16', [bits(16, 32)]),
  aForm('Teredo server', '2001::/32', [bits(32, 32)]),
  aForm('Teredo client', '2001::/32', AT_THE_END, [], true),
];

const readBits = (address: bigint, { shift, mask }: Bits): bigint => (address >> shift) & mask;

const overlaps = (a: IpPrefix, b: IpPrefix): boolean => a.first <= b.last && b.first <= a.last;

/** How many of the bits the prefix fixes. */
const countFixed = (prefix: IpPrefix, { start, count }: Bits): number =>
  Math.max(0, Math.min(count, prefix.length - start));

function readInside(form: Form, prefix: IpPrefix): IpPrefix {
  const value = form.address.reduce((value, part) => (value << BigInt(part.count)) | readBits(prefix.first, part), 0n);
  const length = form.address.reduce((sum, part) => sum + countFixed(prefix, part), 0);
  return toPrefix(4, form.isInverted ? value ^ 0xffff_ffffn : value, length);
}

const LOCAL_NAT64 = toPrefix(6, 0x64_ff9b_0001n << 80n, 48);
const BETWEEN = bits(48, 48);

/**
 * Of an address in 64:ff9b:1::/48 most readings are chance: zeros of one length are the "address" of another.
 * No host is in 0.0.0.0/8, so such a reading tells that the length is another one.
 */
function isChance(form: Form, prefix: IpPrefix, inside: IpPrefix): boolean {
  if (form.area.first !== LOCAL_NAT64.first || inside.length < 8 || inside.first >> 24n !== 0n) return false;
  return form.zeros.length > 0 || readBits(prefix.first, BETWEEN) !== 0n;
}

/** Every IPv4 network whose traffic an IPv6 prefix stands for, by any of the forms that carry IPv4 in IPv6. */
export function listInnerIpv4(prefix: IpPrefix): readonly InnerIpv4[] {
  if (prefix.version === 4) return [];
  const found: InnerIpv4[] = [];
  for (const form of FORMS) {
    if (!overlaps(form.area, prefix)) continue;
    if (form.zeros.some((zeros) => readBits(prefix.first, zeros) !== 0n)) continue;
    const inside = prefix.length <= form.area.length ? toPrefix(4, 0n, 0) : readInside(form, prefix);
    if (!isChance(form, prefix, inside)) found.push({ form: form.name, prefix: inside });
  }
  return found;
}
