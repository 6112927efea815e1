import { BlockList, isIP, isIPv4 } from 'node:net';

/** With the address at which Azure serves its machines. @see https://www.iana.org/assignments/iana-ipv4-special-registry */
const NOT_PUBLIC_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];

/** Within 2000::/3, outside of which nothing is public. @see https://www.iana.org/assignments/iana-ipv6-special-registry */
const NOT_PUBLIC_IPV6 = ['2001::/23', '2001:db8::/32', '3fff::/20'];

function toBlockList(prefixes: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const prefix of prefixes) {
    const [network = '', length = ''] = prefix.split('/');
    list.addSubnet(network, Number(length), family);
  }
  return list;
}

const notPublicIpv4 = toBlockList(NOT_PUBLIC_IPV4, 'ipv4');
const notPublicIpv6 = toBlockList(NOT_PUBLIC_IPV6, 'ipv6');
const globalIpv6 = toBlockList(['2000::/3'], 'ipv6');

/** The eight groups of an IPv6 address; the URL parser knows every way to write one. */
function toGroups(address: string): readonly number[] {
  const written = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = written.split('::');
  const toNumbers = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return toNumbers(head);
  const [left, right] = [toNumbers(head), toNumbers(tail)];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

const toIpv4 = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');

/** The IPv4 address that packets to a mapped, NAT64 or 6to4 address come to. */
function innerIpv4(groups: readonly number[]): string | undefined {
  const [a = 0, b = 0, c = 0, , , f = 0, g = 0, h = 0] = groups;
  const isZero = (from: number, to: number): boolean => groups.slice(from, to).every((group) => group === 0);
  if (isZero(0, 5) && f === 0xffff) return toIpv4(g, h);
  if (a === 0x64 && b === 0xff9b && isZero(2, 6)) return toIpv4(g, h);
  return a === 0x2002 ? toIpv4(b, c) : undefined;
}

/** Whether an IP address lies in the public Internet. Whatever is no address does not. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !notPublicIpv4.check(address, 'ipv4');
  if (isIP(address) !== 6 || address.includes('%')) return false;
  const inner = innerIpv4(toGroups(address));
  if (inner !== undefined) return !notPublicIpv4.check(inner, 'ipv4');
  return globalIpv6.check(address, 'ipv6') && !notPublicIpv6.check(address, 'ipv6');
}
