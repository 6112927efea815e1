import type { Target, TargetKind } from '@interdict/contract';
import { Refusal } from '../../errors.ts';
import { findHiddenCharacter } from './hidden-characters.ts';
import { invalidParameter } from './invalid-parameter.ts';
import { parseDomain } from './parse-domain.ts';
import { parseHash } from './parse-hash.ts';
import { parseIp } from './parse-ip.ts';
import { parseHost, parseUser } from './parse-name.ts';
import { parseUrl } from './parse-url.ts';

type Parser = (kinds: readonly TargetKind[], text: string, path: string) => Target;

const PARSERS: Readonly<Record<TargetKind, Parser>> = {
  ip: parseIp,
  cidr: parseIp,
  domain: (_kinds, text, path) => parseDomain(text, path),
  url: (_kinds, text, path) => parseUrl(text, path),
  sha256: parseHash,
  sha1: parseHash,
  md5: parseHash,
  host: (_kinds, text, path) => parseHost(text, path),
  user: (_kinds, text, path) => parseUser(text, path),
};

/** Longest value of a parameter, in characters. */
export const LONGEST_VALUE = 4_096;

/**
 * What holds for every target, whatever its kind.
 *
 * @throws {Refusal} invalidParameter, limitExceeded
 */
export function checkTargetText(text: string, path: string): void {
  if (text.length > LONGEST_VALUE) {
    throw new Refusal('badRequest', `${path} has more than ${LONGEST_VALUE} characters.`, {
      inner: 'limitExceeded',
      target: path,
    });
  }
  const hidden = findHiddenCharacter(text);
  if (hidden !== undefined) {
    throw invalidParameter(path, `${path} holds ${hidden}, a character that cannot be seen: remove it.`);
  }
}

/**
 * The canonical form of a target: two spellings of one thing give one target, and a canonical value gives itself.
 *
 * @param kinds what the parameter may stand for, all of one family (addresses, hashes, …)
 * @param path where the text stands in the request, as in `parameters/0/value`
 * @throws {Refusal} invalidParameter, limitExceeded; nothing else
 */
export function parseTarget(kinds: readonly TargetKind[], text: string, path: string): Target {
  const [family] = kinds;
  if (family === undefined) throw new Error('parseTarget needs at least one kind of target');
  checkTargetText(text, path);
  return PARSERS[family](kinds, text, path);
}
