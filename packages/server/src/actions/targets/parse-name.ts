import type { Target } from '@interdict/contract';
import { invalidParameter } from './invalid-parameter.ts';
import { findAddress } from './ip-prefix.ts';
import { prefixText } from './ip-text.ts';
import { endsInNumber } from './parse-domain.ts';
import { quoted } from './quoted.ts';

const LONGEST = 255;

/** White space other than single spaces inside: two names that look alike would be two targets. */
const STRAY_SPACE = /^\s|\s$|[^\S ]| {2}/u;

const folded = (text: string): string => text.normalize('NFC').toLowerCase().normalize('NFC');

/**
 * Products compare the names of hosts and users without case, so letter case never makes two targets.
 * What a product would fold further (full-width letters, ligatures) is refused.
 */
function parseName(what: 'host' | 'user', text: string, path: string): string {
  const refuse = (why: string): never => {
    throw invalidParameter(path, `${quoted(text)} cannot be the id of a ${what}: ${why}`);
  };
  if (text === '') return refuse('it is empty.');
  if (STRAY_SPACE.test(text)) return refuse('it holds white space other than single spaces inside.');
  const value = folded(text);
  if (value.length > LONGEST) return refuse(`it is longer than ${LONGEST} characters.`);
  const plain = folded(value.normalize('NFKC'));
  return value === plain ? value : refuse(`it holds letters in a special form. Did you mean ${quoted(plain)}?`);
}

/**
 * A host as its product knows it: a name, an id, or an IP address. A name loses the dot at its end.
 *
 * @throws {Refusal} invalidParameter
 */
export function parseHost(text: string, path: string): Target {
  const name = parseName('host', text, path).replace(/(?<=[^.\s])\.$/, '');
  const address = findAddress(name);
  if (address) return { kind: 'host', value: prefixText(address) };
  if (!name.includes('.') || !endsInNumber(name)) return { kind: 'host', value: name };
  throw invalidParameter(path, `${quoted(text)} looks like an IP address, and is not one in four plain decimals.`);
}

/**
 * A user as its product knows it: `name@domain`, `DOMAIN\name`, or an id.
 *
 * @throws {Refusal} invalidParameter
 */
export const parseUser = (text: string, path: string): Target => ({
  kind: 'user',
  value: parseName('user', text, path),
});
