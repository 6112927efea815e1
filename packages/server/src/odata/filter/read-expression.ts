import { refuseRest } from './misread.ts';
import type { Raw } from './raw.ts';
import { readLiteral } from './read-literal.ts';
import { readName, readNamedLiteral } from './read-name.ts';
import {
  charAt,
  countNode,
  deeper,
  invalid,
  type Reader,
  refuse,
  refuseAtOnce,
  seenAt,
  sees,
  skipBlanks,
  take,
} from './reader.ts';

const ARITHMETIC: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'div', 'divby', 'mod']);

/** How tightly an operator binds; what binds tighter is read first. */
const BINDS: Readonly<Record<string, number>> = {
  __proto__: null as never,
  or: 1,
  and: 2,
  eq: 3,
  ne: 3,
  gt: 4,
  ge: 4,
  lt: 4,
  le: 4,
  add: 5,
  sub: 5,
  mul: 6,
  div: 6,
  divby: 6,
  mod: 6,
  has: 7,
  in: 7,
};
const NOT_BINDS = 7;

/** How far the grammar lets a part go on: behind a list or an enumeration value only some operators may follow. */
type Stage = 'operand' | 'arithmetic' | 'comparison' | 'logic';

const ORDER: readonly Stage[] = ['operand', 'arithmetic', 'comparison', 'logic'];

/** By how tightly an operator binds. */
const STAGES: readonly Stage[] = [
  'operand',
  'logic',
  'logic',
  'comparison',
  'comparison',
  'arithmetic',
  'arithmetic',
  'comparison',
];
const stageOf = (op: string): Stage => STAGES[BINDS[op] ?? 0] ?? 'operand';

interface Chain {
  readonly stages: Stage[];
  /** The last part was a list or an enumeration value behind its operator. */
  isClosed: boolean;
  /** It was a list of one value, which may be a value in parentheses too. */
  isSingle: boolean;
}

const OPERATOR = /[a-z]+(?=[ \t])/iy;

/** The operator that follows, with the blanks before and behind it; undefined where none does, and nothing is taken. */
function takeOperator(reader: Reader, chain: Chain, least: number): string | undefined {
  const { at } = reader;
  if (!skipBlanks(reader)) return undefined;
  const wordAt = reader.at;
  const word = take(reader, OPERATOR);
  const op = word !== undefined && !(word in BINDS) ? word.toLowerCase() : word;
  const binds = op === undefined ? undefined : BINDS[op];
  if (op === undefined || binds === undefined || binds < least) {
    reader.at = at;
    return undefined;
  }
  enter(reader, chain, op, wordAt);
  skipBlanks(reader);
  return op;
}

/** The grammar is a chain of parts, each with at most one operator of a kind; only behind a closed part does it count. */
function enter(reader: Reader, chain: Chain, op: string, at: number): void {
  const stage = stageOf(op);
  if (chain.isClosed) leaveClosed(reader, chain, op, at);
  chain.stages.push(stage);
  chain.isClosed = false;
}

function leaveClosed(reader: Reader, { stages, isSingle }: Chain, op: string, at: number): void {
  const order = ORDER.indexOf(stageOf(op));
  const isBefore = (stage: Stage): boolean => ORDER.indexOf(stage) < order;
  const mayFollow = stages.some(isBefore);
  const advice = `"${op}" cannot stand behind a list or the value of "has". Put parentheses around what is before it.`;
  if (!mayFollow && !isSingle) throw invalid(at, advice);
  if (!mayFollow) refuse(reader, at, advice);
  // What may be a value in parentheses closes nothing.
  if (isSingle) return;
  while (!isBefore(stages.at(-1) ?? 'operand')) stages.pop();
  stages.pop();
}

const QUOTED_ENUM =
  /(?:[A-Za-z_]\w{0,127}(?:\.[A-Za-z_]\w{0,127})+)?'(?:[A-Za-z_]\w{0,127}|[+-]?\d{1,19})(?:,(?:[A-Za-z_]\w{0,127}|[+-]?\d{1,19}))*'/y;

function readHas(reader: Reader, chain: Chain, left: Raw): Raw {
  const { at } = reader;
  const text = take(reader, QUOTED_ENUM);
  if (text === undefined) throw invalid(at, `"has" wants a value of an enumeration, as in status has 'Running'.`);
  chain.isClosed = true;
  chain.isSingle = false;
  countNode(reader);
  const quote = text.indexOf("'");
  const right: Raw = { kind: 'enum', typeName: text.slice(0, quote), members: text.slice(quote + 1, -1), at };
  return { kind: 'binary', op: 'has', left, right, at: left.at };
}

/** `( … , … )`; undefined, with nothing taken, where it is no list of values. */
function tryList(reader: Reader): Raw[] | undefined {
  const { at, nodes, refused } = reader;
  const items: Raw[] = [];
  do {
    reader.at += 1;
    skipBlanks(reader);
    if (items.length === 0 && charAt(reader) === ')') break;
    const item = tryItem(reader, items.length > 0);
    if (!item) {
      Object.assign(reader, { at, nodes, refused });
      return undefined;
    }
    items.push(item);
  } while (charAt(reader) === ',');
  reader.at += 1;
  return items;
}

/** A name without quotes, in a list. */
const BARE_ITEM = /[A-Za-z_][\w./]*[ \t]*,/y;

/** A value with the blanks behind it, before "," or ")". What is surely a list is refused where none stands here. */
function tryItem(reader: Reader, isSure: boolean): Raw | undefined {
  const { at } = reader;
  const item = readLiteral(reader) ?? readNamedLiteral(reader);
  if (!item) {
    if (isSure || sees(reader, BARE_ITEM)) refuseItem(reader, at, 'a value');
    return undefined;
  }
  countNode(reader);
  skipBlanks(reader);
  const next = charAt(reader);
  if (next === ',' || next === ')') return item;
  if (isSure) refuseItem(reader, reader.at, '"," or ")"');
  return undefined;
}

function refuseItem(reader: Reader, at: number, wanted: string): never {
  reader.at = at;
  const rule = 'A list has only values: texts, and members of enumerations, in quotes.';
  throw invalid(at, `${seenAt(reader)} stands where ${wanted} is wanted. ${rule}`);
}

function readIn(reader: Reader, chain: Chain, left: Raw): Raw {
  const { at } = reader;
  const items = charAt(reader) === '(' ? tryList(reader) : undefined;
  if (items) {
    chain.isClosed = true;
    chain.isSingle = items.length === 1;
    return { kind: 'in', left, items, at: left.at };
  }
  readBinary(reader, BINDS.in ?? 0, chain);
  refuse(reader, at, "\"in\" is served with a list of values, as in status in ('Running','Failed').");
  return { kind: 'nothing', at: left.at };
}

function combine(reader: Reader, op: string, left: Raw, right: Raw): Raw {
  countNode(reader);
  if (ARITHMETIC.has(op)) {
    refuse(reader, left.at, `arithmetic ("${op}") is not served. Compare with the value itself.`);
    return { kind: 'nothing', at: left.at };
  }
  return { kind: 'binary', op, left, right, at: left.at };
}

/** Reads parts and the operators between them that bind at least so tightly. */
function readBinary(reader: Reader, least: number, chain: Chain): Raw {
  let left = readOperand(reader, chain);
  for (;;) {
    const op = takeOperator(reader, chain, least);
    if (op === undefined) return left;
    if (op === 'has') left = readHas(reader, chain, left);
    else if (op === 'in') left = readIn(reader, chain, left);
    else left = combine(reader, op, left, readBinary(reader, (BINDS[op] ?? 0) + 1, chain));
  }
}

/** In small letters. */
const LETTER_N = 110;
const NOT = /not[ \t]+/iy;
const MINUS = /-[ \t]*/y;

/** Operators that stand one behind the other: every second one is a name. */
const OPERATORS = /(?:(?:and|or|eq|ne|gt|ge|lt|le|add|sub|mul|div|divby|mod|has|in)[ \t]+)*/iy;
const ENDS = /$|[),:]/y;

/** Takes a `not`, where it is none that is a name. */
function takeNot(reader: Reader): boolean {
  const { at } = reader;
  if ((reader.text.charCodeAt(at) | 32) !== LETTER_N || take(reader, NOT) === undefined) return false;
  const behind = reader.at;
  const words = take(reader, OPERATORS)?.split(/[ \t]+/).length ?? 1;
  const isName = words % 2 === (sees(reader, ENDS) ? 1 : 0);
  reader.at = isName ? at : behind;
  return !isName;
}

function readNegated(reader: Reader, chain: Chain): Raw {
  const { at } = reader;
  chain.stages.push('operand');
  take(reader, MINUS);
  deeper(reader, () => readBinary(reader, NOT_BINDS, chain));
  refuse(reader, at, 'a minus before anything but a number is not served.');
  return { kind: 'nothing', at };
}

function readParenthesis(reader: Reader): Raw {
  const { at } = reader;
  reader.at += 1;
  skipBlanks(reader);
  const inside = deeper(reader, () => readExpression(reader));
  skipBlanks(reader);
  if (charAt(reader) !== ')') refuseRest(reader, `the ")" for the "(" at character ${at + 1}`);
  reader.at += 1;
  return inside;
}

function readOperand(reader: Reader, chain: Chain): Raw {
  countNode(reader);
  const { at } = reader;
  const char = charAt(reader);
  if (char === '(') return readParenthesis(reader);
  if (takeNot(reader)) {
    chain.stages.push('operand');
    return { kind: 'not', operand: deeper(reader, () => readBinary(reader, NOT_BINDS, chain)), at };
  }
  if (char === '[' || char === '{') refuseAtOnce(reader, at, 'JSON is not served in a filter.');
  const literal = readLiteral(reader);
  // A number with a minus may be a minus and what it stands before.
  if (literal && char === '-') chain.stages.push('operand');
  if (literal) return literal;
  return char === '-' ? readNegated(reader, chain) : readName(reader, readExpression);
}

/** Reads an expression; what comes behind it is left. */
export function readExpression(reader: Reader): Raw {
  return readBinary(reader, 1, { stages: [], isClosed: false, isSingle: false });
}
