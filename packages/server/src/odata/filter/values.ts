import { compareTexts } from '../../lib/compare-texts.ts';
import type { FunctionName } from './expression.ts';

/** What an expression gives: null where it is unknown. Moments are as in `Literal`. */
export type Value = string | number | boolean | null;

/** Less than, equal to, greater than 0; undefined where the two have no order (NaN). */
export function compareValues(one: Value, other: Value): number | undefined {
  if (typeof one === 'string' && typeof other === 'string') return compareTexts(one, other);
  const [a, b] = [Number(one), Number(other)];
  if (Number.isNaN(a) || Number.isNaN(b)) return undefined;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Only beyond these do characters and code units differ. */
const ASTRAL = /[\ud800-\udfff]/;

/** The code unit behind so many characters from another one on. */
function unitBehind(text: string, from: number, characters: number): number {
  let at = from;
  for (let left = characters; left > 0 && at < text.length; left -= 1)
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}

function lengthOf(text: string): number {
  if (!ASTRAL.test(text)) return text.length;
  let length = 0;
  for (let at = 0; at < text.length; at = unitBehind(text, at, 1)) length += 1;
  return length;
}

function indexOf(text: string, part: string): number {
  const at = text.indexOf(part);
  return at <= 0 || !ASTRAL.test(text) ? at : lengthOf(text.slice(0, at));
}

function substring(text: string, from: number, length: number = Number.POSITIVE_INFINITY): string {
  const start = Math.max(0, Math.trunc(from));
  const count = Math.max(0, Math.trunc(length));
  if (!ASTRAL.test(text)) return text.slice(start, start + count);
  const at = unitBehind(text, 0, start);
  return count === Number.POSITIVE_INFINITY ? text.slice(at) : text.slice(at, unitBehind(text, at, count));
}

const part = (moment: string, from: number, to: number): number => Number(moment.slice(from, to));

/** Where the time begins: a year may be longer than four digits. */
const timeAt = (moment: string): number => moment.indexOf('T') + 1;
const dateOf = (moment: string): string => (moment.includes('T') ? moment.slice(0, moment.indexOf('T')) : moment);

function yearOf(moment: string): number {
  const date = dateOf(moment);
  const digits = date.slice(0, date.lastIndexOf('-', date.lastIndexOf('-') - 1));
  if (digits.startsWith('~')) return Number(digits.slice(1));
  return digits.startsWith('-') ? Number(digits.slice(1)) - 1e12 : Number(digits);
}

type Served = Exclude<FunctionName, 'now'>;

/** Functions of values that are known: where one is null, so is the answer. Characters are counted as code points. */
export const CALLS: Readonly<Record<Served, (args: readonly never[]) => Value>> = {
  startswith: ([text, start]: readonly string[]) => (text ?? '').startsWith(start ?? ''),
  endswith: ([text, end]: readonly string[]) => (text ?? '').endsWith(end ?? ''),
  contains: ([text, inside]: readonly string[]) => (text ?? '').includes(inside ?? ''),
  tolower: ([text]: readonly string[]) => (text ?? '').toLowerCase(),
  toupper: ([text]: readonly string[]) => (text ?? '').toUpperCase(),
  length: ([text]: readonly string[]) => lengthOf(text ?? ''),
  indexof: ([text, inside]: readonly string[]) => indexOf(text ?? '', inside ?? ''),
  substring: ([text, from, length]: readonly never[]) => substring(text ?? '', from ?? 0, length),
  trim: ([text]: readonly string[]) => (text ?? '').trim(),
  concat: (texts: readonly string[]) => texts.join(''),
  year: ([moment]: readonly string[]) => yearOf(moment ?? ''),
  month: ([moment]: readonly string[]) => part(dateOf(moment ?? '').slice(-5), 0, 2),
  day: ([moment]: readonly string[]) => part(dateOf(moment ?? '').slice(-2), 0, 2),
  hour: ([moment]: readonly string[]) => part((moment ?? '').slice(timeAt(moment ?? '')), 0, 2),
  minute: ([moment]: readonly string[]) => part((moment ?? '').slice(timeAt(moment ?? '')), 3, 5),
  second: ([moment]: readonly string[]) => part((moment ?? '').slice(timeAt(moment ?? '')), 6, 8),
  date: ([moment]: readonly string[]) => dateOf(moment ?? ''),
};
