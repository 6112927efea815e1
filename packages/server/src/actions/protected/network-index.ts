import { findPrefix, type IpPrefix } from '../targets/ip-prefix.ts';
import { prefixText } from '../targets/ip-text.ts';
import type { Guarded, Hit } from './guarded.ts';

interface Network {
  readonly prefix: IpPrefix;
  readonly guarded: Guarded;
}

/** Networks of one IP version, outermost only and in order: prefixes lie in one another or apart. */
function outermost(networks: readonly Network[]): readonly Network[] {
  const inOrder = [...networks].sort((a, b) => {
    if (a.prefix.first !== b.prefix.first) return a.prefix.first < b.prefix.first ? -1 : 1;
    return a.prefix.length - b.prefix.length;
  });
  const kept: Network[] = [];
  for (const network of inOrder) {
    const before = kept.at(-1);
    if (!before || network.prefix.first > before.prefix.last) kept.push(network);
  }
  return kept;
}

/** The last network that begins at or before `address`. */
function lastBegun(networks: readonly Network[], address: bigint): Network | undefined {
  let low = 0;
  let high = networks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((networks[middle]?.prefix.first ?? 0n) <= address) low = middle + 1;
    else high = middle;
  }
  return networks[low - 1];
}

export interface NetworkIndex {
  /** Networks by which it answers: those that lie in others are left out. */
  readonly outermost: readonly string[];
  /** By coverage: a prefix is hit when it covers a network, lies in one, or is one. */
  findHit(prefix: IpPrefix): Hit | undefined;
}

function describeHit(prefix: IpPrefix, { prefix: network, guarded }: Network): Hit {
  const text = prefixText(prefix);
  const isSame = network.first === prefix.first && network.last === prefix.last;
  if (isSame) return { rule: guarded.rule, how: `${text} is ${guarded.what}` };
  const verb = network.length < prefix.length ? 'lies in' : 'covers';
  return { rule: guarded.rule, how: `${text} ${verb} ${guarded.value}, ${guarded.what}` };
}

/** Holds the `ip` and `cidr` entries; answers in logarithmic time. */
export function createNetworkIndex(entries: readonly Guarded[]): NetworkIndex {
  const networks = entries.flatMap((guarded) => {
    const prefix = guarded.kind === 'ip' || guarded.kind === 'cidr' ? findPrefix(guarded.value) : undefined;
    return prefix ? [{ prefix, guarded }] : [];
  });
  const byVersion = {
    4: outermost(networks.filter(({ prefix }) => prefix.version === 4)),
    6: outermost(networks.filter(({ prefix }) => prefix.version === 6)),
  };
  return {
    outermost: [...byVersion[4], ...byVersion[6]].map(({ prefix }) => prefixText(prefix)),
    findHit(prefix) {
      const near = lastBegun(byVersion[prefix.version], prefix.last);
      return near && near.prefix.last >= prefix.first ? describeHit(prefix, near) : undefined;
    },
  };
}
