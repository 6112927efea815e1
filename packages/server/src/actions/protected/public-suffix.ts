import { createHash } from 'node:crypto';
import { getPublicSuffix } from 'tldts';
import { edgeChild, edgeLength, edgeStart, labelText, nodeFlags, rulesRoot } from 'tldts/dist/cjs/src/data/trie.js';
import type { Hit } from './guarded.ts';

/** The name is canonical already: tldts has only to look it up. */
const LOOK_UP = { allowPrivateDomains: true, extractHostname: false, validateHostname: false, detectIp: false };

function readLabels(): readonly string[] {
  const labels: string[] = [];
  let at = 0;
  for (const length of edgeLength) {
    labels.push(labelText.slice(at, at + length));
    at += length;
  }
  return labels;
}

function edgesOf(node: number): readonly number[] {
  const first = edgeStart[node] ?? 0;
  return Array.from({ length: (edgeStart[node + 1] ?? first) - first }, (_, place) => first + place);
}

/** Domains that are no suffix and have some below them, as amazonaws.com has s3.amazonaws.com; each with one of those. */
function listParents(): ReadonlyMap<string, string> {
  const labels = readLabels();
  const parents = new Map<string, string>();
  /** Gives a suffix at or below the node. */
  const visit = (node: number, name: string): string => {
    let suffix = name;
    for (const edge of edgesOf(node)) suffix = visit(edgeChild[edge] ?? 0, `${labels[edge]}.${name}`);
    if (nodeFlags[node] !== 0) return name;
    parents.set(name, suffix);
    return suffix;
  };
  for (const edge of edgesOf(rulesRoot)) visit(edgeChild[edge] ?? 0, labels[edge] ?? '');
  return parents;
}

const PARENTS = listParents();

/** Changes when the list does. */
export const PUBLIC_SUFFIXES_DIGEST = createHash('sha256').update(labelText).update(nodeFlags).digest('hex');

/**
 * Below a public suffix, of the ICANN or the private section, everybody can have a name: blocking it, or a
 * domain that it lies below, would cut off strangers by the thousand.
 *
 * @see https://publicsuffix.org/list
 */
export function findPublicSuffixHit(name: string): Hit | undefined {
  if (getPublicSuffix(name, LOOK_UP) === name) {
    return { rule: 'publicSuffix', how: `${name} is a public suffix, below which everybody can have a name` };
  }
  const suffix = PARENTS.get(name);
  return suffix === undefined
    ? undefined
    : {
        rule: 'publicSuffix',
        how: `${name} is a parent of the public suffix ${suffix}, below which everybody can have a name`,
      };
}
