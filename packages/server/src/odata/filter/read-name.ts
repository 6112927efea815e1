import { didYouMean } from '../../lib/nearest-name.ts';
import { FUNCTIONS, type FunctionShape } from './functions.ts';
import type { Raw } from './raw.ts';
import { wordLiteral } from './read-literal.ts';
import {
  charAt,
  countNode,
  deeper,
  expectChar,
  invalid,
  type Reader,
  refuse,
  seenAt,
  sees,
  skipBlanks,
  take,
  unsupported,
} from './reader.ts';

type ReadExpression = (reader: Reader) => Raw;

const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]{0,127}/uy;
const QUALIFIED =
  /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]{0,127}(?:\.[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]{0,127})*/uy;
const ASCII_NAME = /[A-Za-z_]\w*/y;
const SPECIAL = /\$(?:it|this|root(?=\/))/y;
const ENUM_VALUE = /'(?:[A-Za-z_]\w{0,127}|[+-]?\d{1,19})(?:,(?:[A-Za-z_]\w{0,127}|[+-]?\d{1,19}))*'/y;
const SPATIAL = /^geo(?:graphy|metry)$/i;
const LAMBDA = /(?:any|all)(?=\()/iy;
const COUNT = /\$count(?!\w)/y;
const FILTER_SEGMENT = /\$filter(?=\()/y;
const PARAMETER = /[\p{L}_][\p{L}\p{Nd}_]{0,127}=/uy;
const ALIAS = /@[A-Za-z_]\w*/y;

const takesOf = ({ least, most }: FunctionShape): string =>
  `takes ${least === most ? least : `${least} or ${most}`} value${most === 1 ? '' : 's'}`;

function readArguments(reader: Reader, name: string, shape: FunctionShape, read: ReadExpression): Raw[] {
  const { least, most } = shape;
  const args: Raw[] = [];
  reader.at += 1;
  skipBlanks(reader);
  while (args.length < most) {
    if (args.length > 0) {
      expectChar(reader, ',', ` in ${name}()`);
      skipBlanks(reader);
    }
    args.push(deeper(reader, () => read(reader)));
    skipBlanks(reader);
    if (args.length >= least && charAt(reader) === ')') break;
  }
  expectChar(reader, ')', `: ${name}() ${takesOf(shape)}`);
  return args;
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

/** Parameters of a function of a service: `name=value, …`. */
function readNamedParameters(reader: Reader, read: ReadExpression): void {
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
const NAMED = /\([ \t]*(?:\)|[\p{L}_][\p{L}\p{Nd}_]{0,127}=)/uy;

function noSuchFunction(name: string): string {
  const served = [...FUNCTIONS].filter(([, { served: serves }]) => serves).map(([known]) => known);
  return `there is no function ${name.slice(0, 60)}() here.${didYouMean(name, served) || ` There are: ${served.join(', ')}.`}`;
}

/** A function that a service may define: of the language, and there is none. */
function readServiceCall(reader: Reader, name: string, at: number, read: ReadExpression): Raw {
  if (!sees(reader, NAMED)) throw invalid(at, noSuchFunction(name));
  const known = FUNCTIONS.get(name.toLowerCase());
  refuse(reader, at, known ? `${name}() ${takesOf(known)}, without names.` : noSuchFunction(name));
  readNamedParameters(reader, read);
  return readRest(reader, read, { names: [name], at, isRefused: true, mayEnd: true });
}

function readCall(reader: Reader, name: string, at: number, read: ReadExpression): Raw {
  const lower = name.toLowerCase();
  if (lower === 'cast' || lower === 'isof') refuseAtOnce(reader, at, `${lower}() is not served: there are no derived types.`);
  if (lower.startsWith('geo.')) refuseAtOnce(reader, at, 'places on earth are not served: no property is one.');
  const shape = FUNCTIONS.get(lower);
  const isNamed = sees(reader, NAMED);
  if (lower === 'case' && !isNamed) {
    readCase(reader, read);
    refuse(reader, at, 'case() is not served. Combine comparisons with and, or.');
    return { kind: 'nothing', at };
  }
  if (!shape || (isNamed && shape.most > 0)) return readServiceCall(reader, name, at, read);
  const args = readArguments(reader, lower, shape, read);
  if (shape.most === 0 && charAt(reader) === '/') {
    refuse(reader, at, `${lower}() has no members.`);
    return readRest(reader, read, { names: [name], at, isRefused: true, mayEnd: true });
  }
  if (shape.served) return { kind: 'call', name: lower, args, at };
  refuse(reader, at, `${lower}() is not served.${shape.instead}`);
  return { kind: 'nothing', at };
}

function readLambda(reader: Reader, over: readonly string[], at: number, read: ReadExpression): Raw {
  const quantifier = take(reader, LAMBDA)?.toLowerCase() === 'any' ? 'any' : 'all';
  reader.at += 1;
  skipBlanks(reader);
  countNode(reader);
  if (charAt(reader) === ')' && quantifier === 'any') {
    reader.at += 1;
    return { kind: 'lambda', quantifier, over, variable: '', body: null, at };
  }
  const variable = take(reader, NAME);
  if (variable === undefined)
    throw invalid(
      reader.at,
      `${seenAt(reader)} stands where the name of a variable is wanted, as in ${quantifier}(p:p/name eq 'IP').`,
    );
  skipBlanks(reader);
  expectChar(reader, ':', ' behind the variable');
  skipBlanks(reader);
  const body = deeper(reader, () => read(reader));
  skipBlanks(reader);
  expectChar(reader, ')', ` for the "(" of ${quantifier}`);
  return { kind: 'lambda', quantifier, over, variable, body, at };
}

/** A path on its way. */
interface Walked {
  readonly names: string[];
  readonly at: number;
  isRefused: boolean;
  /** What is called may be of a primitive type, behind which a "/" may stand alone. */
  mayEnd: boolean;
}

function refuseAtOnce(reader: Reader, at: number, message: string): never {
  refuse(reader, at, message);
  throw reader.refused ?? unsupported(at, message);
}

/** `$count` ends a path; `$filter( … )` does not. False where neither stands here. */
function readSystemSegment(reader: Reader, walked: Walked, read: ReadExpression): 'end' | 'on' | false {
  const { at } = reader;
  if (take(reader, COUNT) !== undefined) {
    if (charAt(reader) === '(') refuseAtOnce(reader, at, '$count is not served in a filter. Use any().');
    refuse(reader, at, '$count is not served in a filter. Use any().');
    walked.isRefused = true;
    return 'end';
  }
  if (take(reader, FILTER_SEGMENT) === undefined) return false;
  reader.at += 1;
  deeper(reader, () => read(reader));
  expectChar(reader, ')', ' for the "(" of $filter');
  refuse(reader, at, '$filter is not served as a segment. Use any(p:…).');
  walked.isRefused = true;
  walked.mayEnd = false;
  return 'on';
}

/** A name behind a "/"; false where the path ends with that. */
function readSegment(reader: Reader, walked: Walked): boolean {
  const { at } = reader;
  if (charAt(reader) === '@') refuseAtOnce(reader, at, 'annotations are not served in a filter.');
  const name = take(reader, QUALIFIED);
  if (name === undefined) {
    if (!walked.mayEnd) throw invalid(at, `${seenAt(reader)} stands where the name of a property is wanted.`);
    refuse(reader, at - 1, 'a path that ends in "/" is not served. Leave the "/" out.');
    walked.isRefused = true;
    return false;
  }
  walked.names.push(name);
  walked.mayEnd = true;
  countNode(reader);
  if (charAt(reader) === '(') {
    const what = 'calls a function of a property, or takes a member by its key. Neither is served.';
    refuseAtOnce(reader, at, `"${name.slice(0, 60)}(" ${what}`);
  }
  return true;
}

/** Segments behind the first name. */
function readRest(reader: Reader, read: ReadExpression, walked: Walked): Raw {
  const { names, at } = walked;
  while (charAt(reader) === '/') {
    reader.at += 1;
    if (sees(reader, LAMBDA)) {
      const lambda = readLambda(reader, names, at, read);
      return walked.isRefused ? { kind: 'nothing', at } : lambda;
    }
    const system = readSystemSegment(reader, walked, read);
    if (system === 'end' || (system === false && !readSegment(reader, walked))) break;
  }
  return walked.isRefused ? { kind: 'nothing', at } : { kind: 'path', names, at };
}

/** `$root/` with a name, which may be that of a function, and what is behind it. */
function readRoot(reader: Reader, at: number, read: ReadExpression): Raw {
  reader.at += 1;
  if (take(reader, NAME) === undefined)
    throw invalid(reader.at, `${seenAt(reader)} stands where a name behind "$root/" is wanted.`);
  const isCall = sees(reader, NAMED);
  if (isCall) readNamedParameters(reader, read);
  else if (charAt(reader) === '(') refuseAtOnce(reader, at, 'a member by its key is not served.');
  return readRest(reader, read, { names: ['$root'], at, isRefused: true, mayEnd: isCall });
}

function readSpecial(reader: Reader, special: string, at: number, read: ReadExpression): Raw {
  refuse(reader, at, `${special} is not served. Name the property itself.`);
  if (special === '$root') return readRoot(reader, at, read);
  return readRest(reader, read, { names: [special], at, isRefused: true, mayEnd: false });
}

function readAlias(reader: Reader, at: number, read: ReadExpression): Raw {
  take(reader, ALIAS);
  refuse(reader, at, 'parameter aliases and annotations are not served. Write the value itself.');
  if (charAt(reader) === '.' || charAt(reader) === '#')
    refuseAtOnce(reader, at, 'annotations are not served in a filter.');
  return readRest(reader, read, { names: ['@'], at, isRefused: true, mayEnd: false });
}

const DOT = 46;
const LAST_ASCII = 127;

function takeName(reader: Reader): string {
  const { at } = reader;
  let name = take(reader, ASCII_NAME);
  const next = reader.text.charCodeAt(reader.at);
  if (name === undefined || next === DOT || next > LAST_ASCII) {
    reader.at = at;
    name = take(reader, QUALIFIED);
  }
  if (name !== undefined && (name.length <= 128 || name.includes('.'))) return name;
  throw invalid(at, `${seenAt(reader)} stands where a property, a function or a value is wanted.`);
}

/** A value of an enumeration, its type before it. */
function readEnum(reader: Reader, typeName: string, at: number): Raw {
  if (SPATIAL.test(typeName)) refuseAtOnce(reader, at, 'places on earth are not served: no property is one.');
  const members = typeName.includes('.') ? take(reader, ENUM_VALUE) : undefined;
  if (members !== undefined) return { kind: 'enum', typeName, members: members.slice(1, -1), at };
  const rule = "A text is in quotes alone; a member of an enumeration as in 'Running'";
  throw invalid(at, `"${typeName.slice(0, 60)}'…'" is no value. ${rule} or microsoft.graph.operationStatus'Running'.`);
}

/** Reads what begins with a name: a word literal, a value of an enumeration, a call, a path. */
export function readName(reader: Reader, read: ReadExpression): Raw {
  const { at } = reader;
  const special = charAt(reader) === '$' ? take(reader, SPECIAL) : undefined;
  if (special !== undefined) return readSpecial(reader, special, at, read);
  if (charAt(reader) === '@' && sees(reader, ALIAS)) return readAlias(reader, at, read);
  const name = takeName(reader);
  const next = charAt(reader);
  if (next === "'") return readEnum(reader, name, at);
  if (next === '(') return readCall(reader, name, at, read);
  if (name.includes('.') && next === '/')
    refuseAtOnce(reader, at, `"${name.slice(0, 100)}" names a type. Leave it out: there are no derived types here.`);
  if (name.includes('.'))
    throw invalid(at, `"${name.slice(0, 100)}" names a type, and no property. The parts of a path stand as in errorInfo/code.`);
  const word = next === '/' ? undefined : wordLiteral(name, at);
  return word ?? readRest(reader, read, { names: [name], at, isRefused: false, mayEnd: true });
}
