import { createHash } from 'node:crypto';
import type { WordQuery } from '../../odata/search.ts';

/** The words of an action as they are indexed: a list for each text, in order. */
export type IndexedWords = readonly (readonly string[])[];

/**
 * In front of every word: each tenant's words have entries of their own in an index that all share, and a search
 * takes no longer for what others have. Two tenants may have one mark: rows are the tenant's all the same.
 */
const markOf = (tenantId: string): string => createHash('sha256').update(tenantId).digest('hex').slice(0, 6);

/** Stands between two texts; is no word. */
const BETWEEN = '§';
/** Instead of words that are too many for an index: such an action is found by every search, and judged. */
const TOO_MANY = '¶';

/** A tsvector has positions up to 16,383, and 255 of them for one word. */
const MOST_WORDS = 16_000;
const MOST_OF_ONE = 255;

/** Where each word stands, a gap between two texts; undefined where they are too many. */
function placesOf(texts: IndexedWords): ReadonlyMap<string, readonly number[]> | undefined {
  const places = new Map<string, number[]>();
  let place = 0;
  for (const words of texts) {
    for (const word of words) {
      place += 1;
      const known = places.get(word);
      if (!known) places.set(word, [place]);
      else if (known.push(place) > MOST_OF_ONE) return undefined;
    }
    place += 1;
  }
  return place > MOST_WORDS ? undefined : places;
}

/** What FTS5 indexes of an action: words with blanks between. */
export function ftsText(tenantId: string, texts: IndexedWords): string {
  const mark = markOf(tenantId);
  if (!placesOf(texts)) return `${mark}${TOO_MANY}`;
  return texts.map((words) => words.map((word) => `${mark}${word}`).join(' ')).join(` ${BETWEEN} `);
}

/** The tsvector of an action, made here: PostgreSQL's own parser goes by its locale. */
export function vectorText(tenantId: string, texts: IndexedWords): string {
  const mark = markOf(tenantId);
  const places = placesOf(texts);
  if (!places) return `'${mark}${TOO_MANY}'`;
  return [...places].map(([word, at]) => `'${mark}${word}':${at.join(',')}`).join(' ');
}

/** How a search is written for one of the databases. */
interface Notation {
  phrase(words: readonly string[]): string;
  readonly and: string;
  readonly or: string;
  readonly without: string;
}

const FTS: Notation = { phrase: (words) => `"${words.join(' ')}"`, and: 'AND', or: 'OR', without: 'NOT' };
const TSQUERY: Notation = {
  phrase: (words) => `(${words.map((word) => `'${word}'`).join('<->')})`,
  and: '&',
  or: '|',
  without: '& !',
};

/** Exactly the search; undefined where something is negated in it. */
function exactly(notation: Notation, mark: string, query: WordQuery): string | undefined {
  if (query.kind === 'phrase') return notation.phrase(query.words.map((word) => `${mark}${word}`));
  if (query.kind === 'not') return undefined;
  const [left, right] = [exactly(notation, mark, query.left), exactly(notation, mark, query.right)];
  return left !== undefined && right !== undefined ? `(${left} ${notation[query.kind]} ${right})` : undefined;
}

/**
 * A search that finds all that is wanted, and perhaps more: whatever it finds is judged. Undefined where there is
 * nothing that must stand in an action.
 */
function atLeast(notation: Notation, mark: string, query: WordQuery): string | undefined {
  if (query.kind === 'phrase') return exactly(notation, mark, query);
  if (query.kind === 'not') {
    return query.operand.kind === 'not' ? atLeast(notation, mark, query.operand.operand) : undefined;
  }
  const [left, right] = [atLeast(notation, mark, query.left), atLeast(notation, mark, query.right)];
  if (left !== undefined && right !== undefined) return `(${left} ${notation[query.kind]} ${right})`;
  if (query.kind === 'or') return undefined;
  const [wanted, other] = left === undefined ? [right, query.left] : [left, query.right];
  const unwanted = other.kind === 'not' ? exactly(notation, mark, other.operand) : undefined;
  return wanted === undefined || unwanted === undefined ? wanted : `(${wanted} ${notation.without} ${unwanted})`;
}

function searchText(notation: Notation, tenantId: string, query: WordQuery): string {
  const mark = markOf(tenantId);
  const wanted = atLeast(notation, mark, query);
  if (wanted === undefined) throw new Error('No index of words serves a search in which everything is negated.');
  return `${wanted} ${notation.or} ${notation.phrase([`${mark}${TOO_MANY}`])}`;
}

/** The search as FTS5 reads it. */
export const ftsSearch = (tenantId: string, query: WordQuery): string => searchText(FTS, tenantId, query);

/** The search as a tsquery. */
export const vectorSearch = (tenantId: string, query: WordQuery): string => searchText(TSQUERY, tenantId, query);
