import type { ReadExpression } from './raw.ts';
import { charAt, deeper, expectChar, invalid, type Reader, seenAt, skipBlanks, take } from './reader.ts';

const PARAMETER = /[\p{L}_][\p{L}\p{Nd}_]{0,127}=/uy;

/** Parameters of a function of a service: `name=value, …`. */
export function readNamedParameters(reader: Reader, read: ReadExpression): void {
  reader.at += 1;
  skipBlanks(reader);
  while (charAt(reader) !== ')') {
    if (take(reader, PARAMETER) === undefined)
      throw invalid(reader.at, `${seenAt(reader)} stands where the name of a parameter, with "=", is wanted.`);
    deeper(reader, () => read(reader));
    skipBlanks(reader);
    if (charAt(reader) !== ',') break;
    reader.at += 1;
    skipBlanks(reader);
    if (charAt(reader) === ')') throw invalid(reader.at, 'a parameter is missing behind the comma.');
  }
  expectChar(reader, ')', '');
}

/** The parameters of a function of a service: none, or each with its name. */
export const NAMED = /\([ \t]*(?:\)|[\p{L}_][\p{L}\p{Nd}_]{0,127}=)/uy;
