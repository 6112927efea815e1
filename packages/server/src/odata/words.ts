/** Longer words are cut: no index of either database has to hold them. */
const LONGEST_WORD = 128;

/**
 * Words of a text: runs of letters, marks and digits, in lower case. Whatever stands between two parts them, so that
 * 203.0.113.9 is four words. Both what is searched for and what is searched goes through here.
 */
export const wordsOf = (text: string): readonly string[] =>
  (text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).map((word) => word.slice(0, LONGEST_WORD));
