import { editDistance } from '../../lib/nearest-name.ts';
import { invalid, type Reader, seenAt, take } from './reader.ts';

const OPERATORS = ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'in', 'has', 'and', 'or'];
const ARITHMETIC = ['add', 'sub', 'mul', 'div', 'divby', 'mod'];

/** What other languages write for an operator. */
const FOREIGN: Readonly<Record<string, string>> = {
  '=': 'Use eq',
  '==': 'Use eq',
  '===': 'Use eq',
  '!=': 'Use ne',
  '!==': 'Use ne',
  '<>': 'Use ne',
  '<': 'Use lt',
  '<=': 'Use le',
  '>': 'Use gt',
  '>=': 'Use ge',
  '&': 'Use and',
  '&&': 'Use and',
  '|': 'Use or',
  '||': 'Use or',
  is: 'Use eq',
  equals: 'Use eq',
  like: "Use a function, as in contains(name,'Ip')",
  contains: "It is a function, as in contains(name,'Ip')",
  startswith: "It is a function, as in startswith(name,'Block')",
  endswith: "It is a function, as in endswith(name,'Ip')",
  not: 'It stands before what it negates, as in not (status in (…))',
};

const WORD = /[a-z]+/iy;
const SIGNS = /[=!<>&|]+/y;

const TIME = /^\d\d:\d\d/;

const isOperator = (word: string): boolean => [...OPERATORS, ...ARITHMETIC].includes(word.toLowerCase());

function throwAtWord(reader: Reader, at: number, word: string): never {
  const lower = word.toLowerCase();
  if (isOperator(lower)) {
    if (/^$|[),:]/.test(reader.text[reader.at] ?? '')) throw invalid(reader.at, `a value is missing behind "${word}".`);
    throw invalid(reader.at, `a blank is missing behind "${word}".`);
  }
  const hint = FOREIGN[lower] ?? `There are: ${OPERATORS.join(', ')}`;
  const near = lower.length > 1 ? OPERATORS.find((operator) => editDistance(lower, operator) === 1) : undefined;
  throw invalid(
    at,
    `"${word.slice(0, 60)}" stands where an operator is wanted. ${near === undefined || FOREIGN[lower] ? hint : `Did you mean "${near}"? ${hint}`}.`,
  );
}

/**
 * Says what is wrong with what stands behind something that was read, where only an operator can stand, or an end.
 * @param end what may stand here beside an operator, as in `the end`
 * @throws {Refusal} invalidFilter, always
 */
export function refuseRest(reader: Reader, end: string): never {
  const { at, text } = reader;
  const char = text[at] ?? '';
  if (char === '') throw invalid(at, `${end} is missing: the filter ends here.`);
  const word = take(reader, WORD);
  const isBehindText = text.slice(0, at).trimEnd().endsWith("'");
  if (isBehindText && (char === "'" || (word !== undefined && text[at - 1] === "'" && !isOperator(word)))) {
    const rule =
      "A quotation mark inside a text is written twice, as in 'O''Neil'; between two parts stands an operator.";
    throw invalid(at, `an operator or ${end} is wanted behind a text. ${rule}`);
  }
  if (word !== undefined && isBlankMissing(text, at)) throw invalid(at, `a blank is missing before "${word}".`);
  if (word !== undefined) throwAtWord(reader, at, word);
  refuseSigns(reader, end);
}

function refuseSigns(reader: Reader, end: string): never {
  const { at, text } = reader;
  if (text[at] === ')' && end === 'the end') throw invalid(at, 'there is no "(" for this ")".');
  const signs = take(reader, SIGNS);
  if (signs !== undefined) {
    const rule = FOREIGN[signs];
    throw invalid(at, `"${signs}" is no operator.${rule === undefined ? '' : ` ${rule}, with blanks around it.`}`);
  }
  const rule = TIME.test(text.slice(at, at + 5)) ? ' Between a date and a time stands T.' : '';
  throw invalid(at, `${seenAt(reader)} stands where an operator with blanks around it, or ${end}, is wanted.${rule}`);
}

const isBlankMissing = (text: string, at: number): boolean => at > 0 && !/[\s(,:]/.test(text[at - 1] ?? '');
