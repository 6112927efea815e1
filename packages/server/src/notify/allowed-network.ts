import { isIP, isIPv4 } from 'node:net';

export interface AllowedNetwork {
  readonly network: string;
  readonly length: number;
}

/** Undefined for what is no address, or an address and no length. */
export function readNetwork(entry: string): AllowedNetwork | undefined {
  const [network = '', length, ...more] = entry.split('/');
  if (isIP(network) === 0 || more.length > 0) return undefined;
  const most = isIPv4(network) ? 32 : 128;
  if (length === undefined) return { network, length: most };
  return /^\d{1,3}$/.test(length) && Number(length) <= most ? { network, length: Number(length) } : undefined;
}

/** The bytes of an address: 4 or 16. The URL parser knows every way to write an IPv6 one. */
function bytesOf(address: string): readonly number[] {
  if (isIPv4(address)) return address.split('.').map(Number);
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groupsOf = (text: string): readonly number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [left, right] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => 0);
  return [...left, ...zeros, ...right].flatMap((group) => [group >> 8, group & 255]);
}

function formatBytes(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0));
  return new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname.slice(1, -1);
}

/** The address with zeros behind the prefix. */
export function baseOf({ network, length }: AllowedNetwork): string {
  const bytes = bytesOf(network).map((byte, at) => {
    const kept = Math.max(0, Math.min(8, length - 8 * at));
    return byte & (255 << (8 - kept)) & 255;
  });
  return formatBytes(bytes);
}

export const isBase = (given: AllowedNetwork): boolean => baseOf(given) === formatBytes(bytesOf(given.network));
