import { Refusal } from '../../errors.ts';

export const LONGEST = 2_048;
export const DEEPEST = 16;
export const MOST_NODES = 100;

const refusal = (inner: 'invalidFilter' | 'unsupportedFilter' | 'limitExceeded', message: string): Refusal =>
  new Refusal('badRequest', message, { inner, target: '$filter' });

/** What is not of the language, or of wrong types. Positions count from 1, in the decoded text. */
export const invalid = (at: number, message: string): Refusal =>
  refusal('invalidFilter', `At character ${at + 1}: ${message}`);

/** What is of the language and not served. */
export const unsupported = (at: number, message: string): Refusal =>
  refusal('unsupportedFilter', `At character ${at + 1}: ${message}`);

export const beyond = (message: string): Refusal => refusal('limitExceeded', message);

/** Where the reading of a filter stands. */
export interface Reader {
  readonly text: string;
  at: number;
  depth: number;
  nodes: number;
  /** The first thing that is not served: told once all of the text was found to be of the language. */
  refused: Refusal | undefined;
}

export const createReader = (text: string): Reader => ({ text, at: 0, depth: 0, nodes: 0, refused: undefined });

export const charAt = ({ text, at }: Reader): string => text[at] ?? '';

/** Takes what a sticky pattern matches here; undefined where it does not. */
export function take(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0];
  if (found !== undefined) reader.at += found.length;
  return found;
}

/** Whether a sticky pattern matches here. */
export function sees(reader: Reader, pattern: RegExp): boolean {
  pattern.lastIndex = reader.at;
  return pattern.test(reader.text);
}

const BLANK = 32;
const TAB = 9;

/** Goes behind blanks; whether there was one. */
export function skipBlanks(reader: Reader): boolean {
  const { at, text } = reader;
  let end = at;
  for (let code = text.charCodeAt(end); code === BLANK || code === TAB; code = text.charCodeAt(end)) end += 1;
  reader.at = end;
  return end > at;
}

export function expectChar(reader: Reader, wanted: string, why: string): void {
  if (charAt(reader) !== wanted)
    throw invalid(reader.at, `${seenAt(reader)} stands where "${wanted}" is wanted${why}.`);
  reader.at += 1;
}

/** What stands here, for a message. */
export function seenAt(reader: Reader): string {
  if (reader.at >= reader.text.length) return 'The end of the filter';
  const seen = /\S{1,30}/y;
  seen.lastIndex = reader.at;
  return `"${seen.exec(reader.text)?.[0] ?? charAt(reader)}"`;
}

export function countNode(reader: Reader): void {
  reader.nodes += 1;
  if (reader.nodes > MOST_NODES)
    throw beyond(`The filter has more than ${MOST_NODES} parts. Split it into several requests.`);
}

/** Reads something one level deeper. */
export function deeper<Result>(reader: Reader, read: () => Result): Result {
  reader.depth += 1;
  if (reader.depth > DEEPEST) throw beyond(`The filter is nested more than ${DEEPEST} levels deep.`);
  const result = read();
  reader.depth -= 1;
  return result;
}

/** Notes what is not served, and goes on reading. */
export function refuse(reader: Reader, at: number, message: string): void {
  reader.refused ??= unsupported(at, message);
}

/** Refuses what cannot be read on from. @throws {Refusal} unsupportedFilter, or what was noted before */
export function refuseAtOnce(reader: Reader, at: number, message: string): never {
  refuse(reader, at, message);
  throw reader.refused ?? unsupported(at, message);
}
