import { refuseRest } from './misread.ts';
import { NAMED, readNamedParameters } from './named-parameters.ts';
import type { Raw, ReadExpression } from './raw.ts';
import {
  charAt,
  countNode,
  deeper,
  expectChar,
  invalid,
  type Reader,
  refuse,
  refuseAtOnce,
  seenAt,
  sees,
  skipBlanks,
  take,
} from './reader.ts';

export const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]{0,127}/uy;
export const QUALIFIED =
  /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]{0,127}(?:\.[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]{0,127})*/uy;
const SPECIAL = /\$(?:it|this|root(?=\/))/y;
const LAMBDA = /(?:any|all)(?=\()/iy;
const COUNT = /\$count(?!\w)/y;
const FILTER_SEGMENT = /\$filter(?=\()/y;
const ALIAS = /@[A-Za-z_]\w{0,127}(?!\w)/y;

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
  expectChar(reader, ':', ` behind the variable, as in ${quantifier}(p:p/name eq 'IP')`);
  skipBlanks(reader);
  const body = deeper(reader, () => read(reader));
  skipBlanks(reader);
  if (charAt(reader) !== ')') refuseRest(reader, `the ")" for the "(" of ${quantifier}`);
  reader.at += 1;
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
    const what =
      'calls a function of a property, or takes a member by its key. Neither is served; there are any and all.';
    refuseAtOnce(reader, at, `"${name.slice(0, 60)}(" ${what}`);
  }
  return true;
}

/** Segments behind the first name. */
export function readRest(reader: Reader, read: ReadExpression, walked: Walked): Raw {
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

/** Reads what begins with `$` or `@`; undefined where no such name stands here. */
export function readMarked(reader: Reader, read: ReadExpression): Raw | undefined {
  const { at } = reader;
  const special = charAt(reader) === '$' ? take(reader, SPECIAL) : undefined;
  if (special !== undefined) return readSpecial(reader, special, at, read);
  return charAt(reader) === '@' && sees(reader, ALIAS) ? readAlias(reader, at, read) : undefined;
}
