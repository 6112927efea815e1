import type { Target, TargetKind } from '@interdict/contract';
import { invalidParameter } from './invalid-parameter.ts';
import { quoted } from './quoted.ts';

const KIND_OF_LENGTH: ReadonlyMap<number, TargetKind> = new Map([
  [32, 'md5'],
  [40, 'sha1'],
  [64, 'sha256'],
]);

/**
 * The hash of a file in lower-case hexadecimal; its length tells the algorithm.
 *
 * @param kinds those that the parameter's name and the provider allow
 * @throws {Refusal} invalidParameter
 */
export function parseHash(kinds: readonly TargetKind[], text: string, path: string): Target {
  const kind = /^[0-9a-f]*$/i.test(text) ? KIND_OF_LENGTH.get(text.length) : undefined;
  if (kind === undefined) {
    throw invalidParameter(
      path,
      `${quoted(text)} is not the hash of a file: 64 (SHA-256), 40 (SHA-1) or 32 (MD5) hexadecimal digits and nothing else.`,
    );
  }
  if (kinds.includes(kind)) return { kind, value: text.toLowerCase() };
  throw invalidParameter(
    path,
    `${quoted(text)} has the length of a ${kind} hash; under this name this provider takes ${kinds.join(' or ')}.`,
  );
}
