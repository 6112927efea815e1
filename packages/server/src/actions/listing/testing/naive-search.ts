import type { WordQuery } from '../../../odata/search.ts';

/** Words character by character: slow, and with nothing of the code under test. */
function naiveWords(text: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  for (const character of [...text, ' ']) {
    if (/^[\p{L}\p{M}\p{N}]$/u.test(character)) word += character;
    else if (word !== '') {
      words.push(word.toLowerCase());
      word = '';
    }
  }
  return words;
}

/** Words are told apart by their first 128 units; half a character is none. */
function isSame(one: string, other: string | undefined): boolean {
  const start = (word: string): string => word.slice(0, 128).replace(/[\ud800-\udbff]$/, '\ufffd');
  return other !== undefined && start(one) === start(other);
}

const hasPhrase = (phrase: readonly string[], text: string): boolean => {
  const words = naiveWords(text);
  return words.some((_, at) => phrase.every((word, next) => isSame(word, words[at + next])));
};

/** Whether the texts have what the query wants, as its definition says it. */
export function naivelyHas(query: WordQuery, texts: readonly string[]): boolean {
  if (query.kind === 'phrase') return texts.some((text) => hasPhrase(query.words, text));
  if (query.kind === 'not') return !naivelyHas(query.operand, texts);
  const sides = [query.left, query.right].map((side) => naivelyHas(side, texts));
  return query.kind === 'and' ? sides.every(Boolean) : sides.some(Boolean);
}
