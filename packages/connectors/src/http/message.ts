/** Controls, marks that are not seen, halves of characters, and what ends a line. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu;
const LONGEST = 300;

/** One line, of text that may be hostile. */
export function toPrintable(text: string): string {
  return text.replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim();
}

/** One line of at most 300 characters, of text that may be hostile. */
export function toMessage(text: string): string {
  const line = toPrintable(text);
  if (line.length <= LONGEST) return line;
  // The cut may go through a character of two halves.
  return `${toPrintable(line.slice(0, LONGEST - 1))}…`;
}

/** Makes a function that takes secrets out of a text which somebody else wrote. */
export function secretsHider(secrets: readonly string[]): (text: string) => string {
  return (text) => secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '***'), text);
}
