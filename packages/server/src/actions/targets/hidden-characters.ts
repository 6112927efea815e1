/** Control characters (CR, LF, NUL, TAB and C1 too), line separators, bidirectional controls, half surrogates. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u;

/** Those, and all else that shows no glyph: format, private-use and ignorable characters. */
export const HIDDEN_CHARACTERS = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const HIDDEN = new RegExp(HIDDEN_CHARACTERS.source, 'u');

/** Nothing else is in most texts, and nothing of this is hidden. */
const PLAIN = /^[\x20-\x7E]*$/;

function codePointFound(text: string, pattern: RegExp): string | undefined {
  if (PLAIN.test(text)) return undefined;
  const found = pattern.exec(text)?.[0].codePointAt(0);
  return found === undefined ? undefined : `U+${found.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The first character that no parameter may hold, as `U+202E`. */
export const findControlCharacter = (text: string): string | undefined => codePointFound(text, CONTROL);

/** The first character that no target may hold, as `U+200B`: a reader would not see it. */
export const findHiddenCharacter = (text: string): string | undefined => codePointFound(text, HIDDEN);
