import type { WordQuery } from './search.ts';
import { wordsOf } from './words.ts';

/** Stands between two texts: it is in no word, so that no phrase reaches from one into the other. */
const BETWEEN = '§';

const spaced = (words: readonly string[]): string => ` ${words.join(' ')} `;

function isIn(query: WordQuery, words: string): boolean {
  switch (query.kind) {
    case 'phrase':
      return words.includes(spaced(query.words));
    case 'not':
      return !isIn(query.operand, words);
    case 'and':
      return isIn(query.left, words) && isIn(query.right, words);
    case 'or':
      return isIn(query.left, words) || isIn(query.right, words);
  }
}

/** Whether the texts have what a search wants; a phrase stands within one of them. */
export const hasWords = (query: WordQuery, texts: readonly string[]): boolean =>
  isIn(query, texts.map((text) => spaced(wordsOf(text))).join(BETWEEN));

/** Whether there is something that must stand in whatever is found: then an index of words leads there. */
export function wantsWords(query: WordQuery): boolean {
  switch (query.kind) {
    case 'phrase':
      return true;
    case 'not':
      return query.operand.kind === 'not' && wantsWords(query.operand.operand);
    case 'and':
      return wantsWords(query.left) || wantsWords(query.right);
    case 'or':
      return wantsWords(query.left) && wantsWords(query.right);
  }
}
