import { Refusal } from '../errors.ts';
import { LONGEST_WORD, wordsOf } from './words.ts';

/** A search, in words as they are indexed. Plain data. */
export type WordQuery =
  | { readonly kind: 'phrase'; readonly words: readonly string[] }
  | { readonly kind: 'and' | 'or'; readonly left: WordQuery; readonly right: WordQuery }
  | { readonly kind: 'not'; readonly operand: WordQuery };

const LONGEST = 2_048;
const MOST_TERMS = 50;
const DEEPEST = 16;

const refuse = (message: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'invalidQueryOption', target: '$search' });

interface Token {
  readonly kind: 'word' | 'phrase' | 'AND' | 'OR' | 'NOT' | '(' | ')';
  readonly text: string;
  /** Its first character, from 1. */
  readonly at: number;
}

const TOKEN = /\s*(?:"((?:[^"\\]|\\["\\])*)"|([()])|([^\s()"]+))/gy;

const KEYWORDS: ReadonlySet<string> = new Set(['AND', 'OR', 'NOT']);

function toToken(match: RegExpExecArray): Token {
  const [all, phrase, parenthesis, word = ''] = match;
  const at = match.index + all.length - all.trimStart().length + 1;
  if (phrase !== undefined) return { kind: 'phrase', text: phrase.replace(/\\(["\\])/g, '$1'), at };
  if (parenthesis !== undefined) return { kind: parenthesis as '(', text: parenthesis, at };
  return { kind: KEYWORDS.has(word) ? (word as 'AND') : 'word', text: word, at };
}

function tokensOf(text: string): readonly Token[] {
  const trimmed = text.trimEnd();
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const rest = trimmed.slice(TOKEN.lastIndex).trimStart();
    const match = TOKEN.exec(trimmed);
    if (!match)
      throw refuse(
        `At character ${trimmed.length - rest.length + 1}: the quotation mark is not closed. Close it, or leave it out.`,
      );
    tokens.push(toToken(match));
  }
  return tokens;
}

/** Where the reading stands. */
interface Reading {
  readonly tokens: readonly Token[];
  next: number;
  terms: number;
  depth: number;
}

const peek = ({ tokens, next }: Reading): Token | undefined => tokens[next];

const shownEnd = 'At the end: a word or a "phrase" is missing.';

function readTerm(reading: Reading): WordQuery {
  const token = peek(reading);
  if (!token) throw refuse(shownEnd);
  reading.next += 1;
  if (token.kind === '(') return readGroup(reading, token);
  if (token.kind === 'NOT') {
    const operand = readTerm(nested(reading));
    reading.depth -= 1;
    return { kind: 'not', operand };
  }
  if (token.kind !== 'word' && token.kind !== 'phrase') {
    throw refuse(
      `At character ${token.at}: "${token.text}" stands where a word is wanted. To search for it, quote it.`,
    );
  }
  const words = wordsOf(token.text);
  if (words.length === 0) throw refuse(`At character ${token.at}: this has no letter and no digit to search for.`);
  if (words.some((word) => word.length > LONGEST_WORD)) {
    throw refuse(`At character ${token.at}: a word that is searched for has at most ${LONGEST_WORD} characters.`);
  }
  reading.terms += words.length;
  if (reading.terms > MOST_TERMS) throw refuse(`A search has at most ${MOST_TERMS} words.`);
  return { kind: 'phrase', words };
}

function nested(reading: Reading): Reading {
  reading.depth += 1;
  if (reading.depth > DEEPEST) throw refuse(`A search is nested at most ${DEEPEST} deep.`);
  return reading;
}

function readGroup(reading: Reading, opened: Token): WordQuery {
  const inside = readOr(nested(reading));
  reading.depth -= 1;
  if (peek(reading)?.kind !== ')') throw refuse(`At character ${opened.at}: the parenthesis is not closed.`);
  reading.next += 1;
  return inside;
}

/** Words beside each other are ANDed, as with AND between them. */
function readAnd(reading: Reading): WordQuery {
  let left = readTerm(reading);
  for (;;) {
    const kind = peek(reading)?.kind;
    if (kind === undefined || kind === 'OR' || kind === ')') return left;
    if (kind === 'AND') reading.next += 1;
    left = { kind: 'and', left, right: readTerm(reading) };
  }
}

function readOr(reading: Reading): WordQuery {
  let left = readAnd(reading);
  while (peek(reading)?.kind === 'OR') {
    reading.next += 1;
    left = { kind: 'or', left, right: readAnd(reading) };
  }
  return left;
}

/**
 * Reads the text of a `$search`, decoded: words are ANDed, `"phrases"`, `OR`, `NOT`, parentheses.
 * @throws {Refusal} invalidQueryOption
 * @see https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_SystemQueryOptionsearch
 */
export function readSearch(text: string): WordQuery {
  if (text.length > LONGEST) throw refuse(`"$search" is longer than ${LONGEST} characters.`);
  const reading: Reading = { tokens: tokensOf(text), next: 0, terms: 0, depth: 0 };
  if (reading.tokens.length === 0) throw refuse('"$search" is empty. Give it a word, or leave it out.');
  const found = readOr(reading);
  const rest = peek(reading);
  if (rest) throw refuse(`At character ${rest.at}: nothing opened this parenthesis.`);
  return found;
}
