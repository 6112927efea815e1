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

/** Whether the texts have what the query wants, as its definition says it. */
export function naivelyHas(query: WordQuery, texts: readonly string[]): boolean {
  if (query.kind === 'not') return !naivelyHas(query.operand, texts);
  if (query.kind === 'and') return naivelyHas(query.left, texts) && naivelyHas(query.right, texts);
  if (query.kind === 'or') return naivelyHas(query.left, texts) || naivelyHas(query.right, texts);
  return texts.some((text) => {
    const words = naiveWords(text);
    return words.some((_, at) => query.words.every((word, next) => isSame(word, words[at + next])));
  });
}
