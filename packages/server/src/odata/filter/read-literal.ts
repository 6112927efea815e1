import type { Literal } from './expression.ts';
import type { Raw } from './raw.ts';
import { invalid, type Reader, refuse, sees, take } from './reader.ts';

const literal = (type: Literal['type'], value: Literal['value'], at: number): Raw => ({
  kind: 'literal',
  literal: { kind: 'literal', type, value },
  at,
});

const STRING = /'(?:[^']|'')*'/y;
const GUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\w-])/iy;
const DAY = '-?(?:0\\d{3}|[1-9]\\d{3,})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])';
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d(?::(?:[0-5]\\d|60)(?:\\.\\d{1,12})?)?';
const MOMENT = new RegExp(`${DAY}T${TIME}(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)(?![\\w.])`, 'iy');
const DATE = new RegExp(`${DAY}(?![\\w.-])`, 'y');
const TIME_OF_DAY = new RegExp(`${TIME}(?![\\w.])`, 'y');
const NUMBER = /(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|-INF)(?![\w.-]|[/(])/iy;
/** A time of day with a minus before it is no number. */
const MINUS_TIME = new RegExp(`-${TIME}`, 'y');
const MINUS_INFINITY = /-INF(?![\w/(.])/y;
const BINARY = /[bB][iI][nN][aA][rR][yY]'(?:[\w-]{4})*(?:[\w-]{2}[AEIMQUYcgkosw048]=?|[\w-][AQgw](?:==)?)?'/y;
const DURATION = /duration'-?P(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?'/iy;

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

function yearText(year: number): string {
  // Behind all years of four digits, or before them, whatever is compared as text.
  if (year > 9_999) return `~${pad(year, 12)}`;
  return year < 0 ? `-${pad(1e12 + year, 12)}` : pad(year, 4);
}

const PARTS = /^(-?\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)$/i;

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
/** From January on, without a leap day. */
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const isDay = (year: number, month: number, day: number): boolean =>
  day <= (month === 2 && isLeap(year) ? 29 : (MONTH_DAYS[month - 1] ?? 0));

/** At least seven digits, and no zeros behind them. */
const fractionOf = (digits: string): string =>
  digits.length <= 7 ? digits.padEnd(7, '0') : digits.slice(0, 7) + digits.slice(7).replace(/0+$/, '');

/** UTC without zone. */
function momentOf(text: string, at: number): string {
  const [, y = '', mo = '', d = '', h = '', mi = '', s = '00', fraction = '', zone = 'Z'] = PARTS.exec(text) ?? [];
  const year = Number(y);
  if (!isDay(year, Number(mo), Number(d))) throw invalid(at, `There is no day ${y}-${mo}-${d}.`);
  if (zone.length === 1 && s !== '60') return `${yearText(year)}-${mo}-${d}T${h}:${mi}:${s}.${fractionOf(fraction)}`;
  const sign = zone.startsWith('-') ? -1 : 1;
  const offset = zone.length === 1 ? 0 : sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6)));
  // In the same place of the calendar, which repeats after 400 years, where dates of any year can be reckoned with.
  const cycles = Math.floor((year - 2000) / 400);
  const date = new Date(
    Date.UTC(year - cycles * 400, Number(mo) - 1, Number(d), Number(h), Number(mi) - offset, Number(s)),
  );
  const day = `${yearText(date.getUTCFullYear() + cycles * 400)}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}`;
  return `${day}T${date.toISOString().slice(11, 19)}.${fractionOf(fraction)}`;
}

function dateOf(text: string, at: number): string {
  const [, y = '', mo = '', d = ''] = /^(-?\d+)-(\d\d)-(\d\d)$/.exec(text) ?? [];
  if (!isDay(Number(y), Number(mo), Number(d))) throw invalid(at, `There is no day ${text}.`);
  return `${yearText(Number(y))}-${mo}-${d}`;
}

const numberOf = (text: string): number => (/inf/i.test(text) ? -Infinity : Number(text));

function readQuoted(reader: Reader): Raw {
  const { at } = reader;
  const text = take(reader, STRING);
  if (text === undefined)
    throw invalid(at, "the quotation mark is not closed. Inside a text it is written twice, as in 'O''Neil'.");
  return literal('string', text.slice(1, -1).replaceAll("''", "'"), at);
}

/** Where the first dash of a GUID is. */
const GUID_DASH = 8;

function readGuid(reader: Reader): Raw | undefined {
  const { at } = reader;
  const guid = take(reader, GUID);
  return guid === undefined ? undefined : literal('guid', guid.toLowerCase(), at);
}

/** A literal that begins with a digit or a sign; undefined where none stands here. */
function readNumeric(reader: Reader): Raw | undefined {
  const { at } = reader;
  const guid = readGuid(reader);
  if (guid) return guid;
  const moment = take(reader, MOMENT);
  if (moment !== undefined) return literal('dateTimeOffset', momentOf(moment, at), at);
  const date = take(reader, DATE);
  if (date !== undefined) return literal('date', dateOf(date, at), at);
  const time = take(reader, TIME_OF_DAY);
  if (time !== undefined) return literal('timeOfDay', time, at);
  if (sees(reader, /-INF/iy) && !sees(reader, MINUS_INFINITY)) return undefined;
  if (sees(reader, MINUS_TIME)) return undefined;
  const number = take(reader, NUMBER);
  return number === undefined ? undefined : literal('number', numberOf(number), at);
}

function readPrefixed(reader: Reader): Raw | undefined {
  const { at } = reader;
  if (take(reader, DURATION) !== undefined) {
    refuse(reader, at, 'durations are not served: no property is one.');
    return { kind: 'nothing', at };
  }
  if (take(reader, BINARY) === undefined) return undefined;
  refuse(reader, at, 'binary values are not served: no property is one.');
  return { kind: 'nothing', at };
}

function ruleFor(what: string): string {
  if (/T[\d:.]+$/i.test(what)) return 'The zone is missing: put Z or an offset behind it, as in 2026-01-31T00:00:00Z.';
  if (/^\d{4}[-/]\d/.test(what)) return 'A date stands as in 2026-01-31, a date and time as in 2026-01-31T00:00:00Z.';
  return "A text stands in single quotes, as in 'Test'.";
}

function refuseNumeric(reader: Reader): never {
  const { at } = reader;
  const what = take(reader, /[\w+\-:./]{1,40}/y);
  throw invalid(at, `"${what}" is no number, date or GUID. ${ruleFor(what ?? '')}`);
}

const QUOTE = 39;
const PLUS = 43;
const MINUS = 45;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
/** In small letters. */
const LETTER_A = 97;
const LETTER_B = 98;
const LETTER_D = 100;
const LETTER_F = 102;

/** Reads a literal that is no name; undefined where none stands here. */
export function readLiteral(reader: Reader): Raw | undefined {
  const { text, at } = reader;
  const code = text.charCodeAt(at);
  if (code === QUOTE) return readQuoted(reader);
  if (isDigit(code) || code === PLUS || code === MINUS) {
    return readNumeric(reader) ?? (code === MINUS ? undefined : refuseNumeric(reader));
  }
  // Names begin with these letters too: they are looked at no longer than need be.
  const small = code | 32;
  if (!(small >= LETTER_A && small <= LETTER_F)) return undefined;
  const guid = text.charCodeAt(at + GUID_DASH) === MINUS ? readGuid(reader) : undefined;
  if (guid) return guid;
  return small === LETTER_B || small === LETTER_D ? readPrefixed(reader) : undefined;
}

/** What a bare word stands for, where it is a literal: letter case counts for null and the numbers. */
export function wordLiteral(word: string, at: number): Raw | undefined {
  if (word === 'null') return literal('null', null, at);
  if (word === 'NaN') return literal('number', Number.NaN, at);
  if (word === 'INF') return literal('number', Number.POSITIVE_INFINITY, at);
  const lower = word.toLowerCase();
  return lower === 'true' || lower === 'false' ? literal('boolean', lower === 'true', at) : undefined;
}
