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

const hasPhrase = (phrase: readonly string[], text: string): boolean => {
  const words = naiveWords(text);
  return words.some((_, at) => phrase.every((word, next) => word === words[at + next]));
};

/** Whether the texts have what the query wants, as its definition says it. */
export function naivelyHas(query: WordQuery, texts: readonly string[]): boolean {
  if (query.kind === 'phrase') return texts.some((text) => hasPhrase(query.words, text));
  if (query.kind === 'not') return !naivelyHas(query.operand, texts);
  const sides = [query.left, query.right].map((side) => naivelyHas(side, texts));
  return query.kind === 'and' ? sides.every(Boolean) : sides.some(Boolean);
}
