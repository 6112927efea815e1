import { findAddressText } from './network.ts';
import { isOwnComment } from './ownership.ts';
import { type Owner, parseListing, toSetElements } from './table-view.ts';

/** One element, as nft prints it in its own language: a comment may hold anything but a quotation mark. */
const ONE = /^\s*elements = \{ ([0-9a-f.:]+)(?: (?:timeout|expires) [0-9a-z]+)*(?: comment "([^"]*)")? \}$/m;

function parseText(stdout: string): Map<string, Owner> {
  const [, text = '', comment] = ONE.exec(stdout) ?? [];
  const address = findAddressText(text);
  if (!address) throw new Error('nft answered with something that is no element.');
  return new Map([[address, isOwnComment(comment) ? 'ours' : 'foreign']]);
}

/**
 * Reads the answer to `nft -j get element` for one element. Up to 1.0.6 it is text all the same.
 * @throws {Error} where it is neither
 */
export function parseElements(stdout: string, set: string): ReadonlyMap<string, Owner> {
  if (!stdout.trimStart().startsWith('{')) return parseText(stdout);
  const sets = parseListing(stdout).flatMap((object) =>
    object.set === undefined ? [] : [toSetElements(object.set, set)],
  );
  if (sets[0]) return sets[0];
  throw new Error('nft answered without the set that it was asked for.');
}
