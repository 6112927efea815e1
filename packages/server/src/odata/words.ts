/** Characters of the longest word that can be searched for. */
export const LONGEST_WORD = 128;

/** Longer words are cut: no index of either database has to hold them. What is left is no word that is searched for. */
const CUT_AT = LONGEST_WORD + 1;

const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/** Half a character may be left where a word is cut; no database could hold it. */
const cut = (word: string): string => (word.length > CUT_AT ? word.slice(0, CUT_AT).toWellFormed() : word);

/**
 * Words of a text: runs of letters, marks and digits, in lower case. Whatever stands between two parts them, so that
 * 203.0.113.9 is four words. Both what is searched for and what is searched goes through here. Each word goes into
 * lower case by itself: the end of one may have a form of its own (σ, ς), whatever comes behind it.
 */
export const wordsOf = (text: string): readonly string[] =>
  (text.match(WORD) ?? []).map((word) => cut(word.toLowerCase()));
