import { HIDDEN_CHARACTERS } from './hidden-characters.ts';

const LONGEST = 80;

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** Sent text as a message may show it: at most 80 characters, what cannot be seen as `\u{200b}`. */
export function quoted(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return `"${shown.replace(HIDDEN_CHARACTERS, escaped)}"`;
}
