import { type IpPrefix, widthOf } from './ip-prefix.ts';

function fourDecimals(address: bigint): string {
  const value = Number(address);
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

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
function rfc5952(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  const zeros = longestZeros(groups);
  if (zeros.start === -1) return groups.join(':');
  const right = groups.slice(zeros.start + zeros.length);
  return `${groups.slice(0, zeros.start).join(':')}::${right.join(':')}`;
}

const addressText = (version: 4 | 6, address: bigint): string => (version === 4 ? fourDecimals : rfc5952)(address);

/** The canonical text: an address alone, a wider prefix as `first/length`. */
export function prefixText(prefix: IpPrefix): string {
  const address = addressText(prefix.version, prefix.first);
  return prefix.length === widthOf(prefix.version) ? address : `${address}/${prefix.length}`;
}
