import { didYouMean } from '../../lib/nearest-name.ts';
import { FUNCTIONS, type FunctionShape } from './functions.ts';
import { refuseRest } from './misread.ts';
import { NAMED, readNamedParameters } from './named-parameters.ts';
import type { Raw, ReadExpression } from './raw.ts';
import { readRest } from './read-path.ts';
import { charAt, deeper, expectChar, invalid, type Reader, refuse, refuseAtOnce, sees, skipBlanks } from './reader.ts';

/** No values. */
const EMPTY = /\([ \t]*\)/y;

const takesOf = ({ least, most }: FunctionShape): string =>
  `takes ${most === 0 ? 'no' : least === most ? least : `${least} or ${most}`} value${most === 1 ? '' : 's'}`;

function readArguments(reader: Reader, name: string, shape: FunctionShape, read: ReadExpression): Raw[] {
  const { least, most } = shape;
  const args: Raw[] = [];
  reader.at += 1;
  skipBlanks(reader);
  while (args.length < most) {
    if (args.length > 0) {
      if (charAt(reader) !== ',') refuseArgument(reader, name, shape);
      reader.at += 1;
      skipBlanks(reader);
    }
    args.push(deeper(reader, () => read(reader)));
    skipBlanks(reader);
    if (args.length >= least && charAt(reader) === ')') break;
  }
  if (charAt(reader) !== ')') refuseArgument(reader, name, shape);
  reader.at += 1;
  return args;
}

function refuseArgument(reader: Reader, name: string, shape: FunctionShape): never {
  const char = charAt(reader);
  if (char !== '' && char !== ',' && char !== ')') refuseRest(reader, `the next value or the ")" of ${name}()`);
  const what = char === '' ? 'the filter ends' : `"${char}" stands here`;
  throw invalid(reader.at, `${what} within ${name}(), which ${takesOf(shape)}.`);
}

/** `case(` condition `:` value `,` … `)`: of the language, and not served. */
function readCase(reader: Reader, read: ReadExpression): void {
  reader.at += 1;
  do {
    skipBlanks(reader);
    deeper(reader, () => read(reader));
    skipBlanks(reader);
    expectChar(reader, ':', ' in case()');
    skipBlanks(reader);
    deeper(reader, () => read(reader));
    skipBlanks(reader);
  } while (charAt(reader) === ',' && ++reader.at > 0);
  expectChar(reader, ')', ' in case()');
}

function noSuchFunction(name: string): string {
  if (name.toLowerCase() === 'not') return 'a blank is missing behind "not", as in not (name eq \'BlockIp\').';
  if (name.toLowerCase() === 'substringof')
    return "there is no function substringof() any more. Use contains(name,'Ip').";
  const served = [...FUNCTIONS].filter(([, { served: serves }]) => serves).map(([known]) => known);
  return `there is no function ${name.slice(0, 60)}() here.${(name.length > 4 && didYouMean(name, served)) || ` There are: ${served.join(', ')}.`}`;
}

/** A function that a service may define: of the language, and there is none. */
function readServiceCall(reader: Reader, name: string, at: number, read: ReadExpression): Raw {
  if (!sees(reader, NAMED)) throw invalid(at, noSuchFunction(name));
  const known = FUNCTIONS.get(name.toLowerCase());
  refuse(reader, at, known ? `${name}() ${takesOf(known)}, without names.` : noSuchFunction(name));
  readNamedParameters(reader, read);
  return readRest(reader, read, { names: [name], at, isRefused: true, mayEnd: true });
}

/** Reads a call, whose name was read. */
export function readCall(reader: Reader, name: string, at: number, read: ReadExpression): Raw {
  const lower = name.toLowerCase();
  if (lower === 'cast' || lower === 'isof')
    refuseAtOnce(reader, at, `${lower}() is not served: there are no derived types.`);
  if (lower.startsWith('geo.')) refuseAtOnce(reader, at, 'places on earth are not served: no property is one.');
  const shape = FUNCTIONS.get(lower);
  const isNamed = sees(reader, NAMED);
  if (lower === 'case' && !isNamed) {
    readCase(reader, read);
    refuse(reader, at, 'case() is not served. Combine comparisons with and, or.');
    return { kind: 'nothing', at };
  }
  if (!shape || (isNamed && (shape.most > 0 || !sees(reader, EMPTY)))) return readServiceCall(reader, name, at, read);
  const args = readArguments(reader, lower, shape, read);
  if (shape.most === 0 && charAt(reader) === '/') {
    refuse(reader, at, `${lower}() has no members.`);
    return readRest(reader, read, { names: [name], at, isRefused: true, mayEnd: true });
  }
  if (shape.served) return { kind: 'call', name: lower, args, at };
  refuse(reader, at, `${lower}() is not served.${shape.instead}`);
  return { kind: 'nothing', at };
}
