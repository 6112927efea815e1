import type { Raw, ReadExpression } from './raw.ts';
import { readCall } from './read-call.ts';
import { wordLiteral } from './read-literal.ts';
import { QUALIFIED, readMarked, readRest } from './read-path.ts';
import { charAt, invalid, type Reader, refuseAtOnce, seenAt, take } from './reader.ts';

const ASCII_NAME = /[A-Za-z_]\w*/y;
const ENUM_VALUE = /'(?:[A-Za-z_]\w{0,127}|[+-]?\d{1,19})(?:,(?:[A-Za-z_]\w{0,127}|[+-]?\d{1,19}))*'/y;
const SPATIAL = /^geo(?:graphy|metry)$/i;

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
  if (name !== undefined)
    throw invalid(at, `"${name.slice(0, 30)}…" is a name of more than 128 letters, and nothing has one.`);
  if (at >= reader.text.length) throw invalid(at, 'a property, a function or a value is missing at the end.');
  const rule = /["\u2018-\u201f`]/.test(charAt(reader)) ? " A text stands in single quotes, as in 'Test'." : '';
  throw invalid(at, `${seenAt(reader)} stands where a property, a function or a value is wanted.${rule}`);
}

const AN_ENUM =
  "A text is in quotes alone; a member of an enumeration as in 'Running' or microsoft.graph.operationStatus'Running'.";
/** What stood before values in earlier versions of OData. */
const PREFIXED: Readonly<Record<string, string>> = {
  datetime: 'A date and time stands without quotes, as in 2026-01-31T00:00:00Z.',
  datetimeoffset: 'A date and time stands without quotes, as in 2026-01-31T00:00:00Z.',
  date: 'A date stands without quotes, as in 2026-01-31.',
  guid: 'A GUID stands alone, or in quotes alone.',
  binary: "Binary values stand in base64url, as in binary'AA'.",
  duration: "A duration stands as in duration'PT1H'.",
};

/** A value of an enumeration, its type before it. */
function readEnum(reader: Reader, typeName: string, at: number): Raw {
  if (SPATIAL.test(typeName)) refuseAtOnce(reader, at, 'places on earth are not served: no property is one.');
  const members = typeName.includes('.') ? take(reader, ENUM_VALUE) : undefined;
  if (members !== undefined) return { kind: 'enum', typeName, members: members.slice(1, -1), at };
  throw invalid(at, `"${typeName.slice(0, 60)}'…'" is no value. ${PREFIXED[typeName.toLowerCase()] ?? AN_ENUM}`);
}

const SOME_NAME = /[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/y;

/** A literal that begins with a letter and is all there is up to a blank, comma or ")"; undefined, with nothing taken, elsewhere. */
export function readNamedLiteral(reader: Reader): Raw | undefined {
  const { at } = reader;
  const name = take(reader, SOME_NAME);
  if (name === undefined) return undefined;
  const next = charAt(reader);
  if (next === "'") return readEnum(reader, name, at);
  const word = next === '/' || next === '(' ? undefined : wordLiteral(name, at);
  if (!word) reader.at = at;
  return word;
}

/** Reads what begins with a name: a word literal, a value of an enumeration, a call, a path. */
export function readName(reader: Reader, read: ReadExpression): Raw {
  const { at } = reader;
  if (charAt(reader) === '$' || charAt(reader) === '@') {
    const marked = readMarked(reader, read);
    if (marked) return marked;
  }
  const name = takeName(reader);
  const next = charAt(reader);
  if (next === "'") return readEnum(reader, name, at);
  if (next === '(') return readCall(reader, name, at, read);
  if (name.includes('.') && next === '/')
    refuseAtOnce(reader, at, `"${name.slice(0, 100)}" names a type. Leave it out: there are no derived types here.`);
  if (name.includes('.'))
    throw invalid(
      at,
      `"${name.slice(0, 100)}" names a type, and no property. The parts of a path stand as in errorInfo/code.`,
    );
  const word = next === '/' ? undefined : wordLiteral(name, at);
  return word ?? readRest(reader, read, { names: [name], at, isRefused: false, mayEnd: true });
}
