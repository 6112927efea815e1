import { Refusal } from '../errors.ts';

/**
 * Reads an option in which a plus stands for itself, as RFC 3986 has it. Where it cannot be read so, and has no blank,
 * its pluses are the blanks of an HTML form, which curl's `--data-urlencode` and `URLSearchParams` write.
 *
 * @throws {Refusal} of the reading that is meant
 */
export function readWithBlanks<Result>(text: string, read: (text: string) => Result): Result {
  try {
    return read(text);
  } catch (refusal) {
    const isForm = refusal instanceof Refusal && text.includes('+') && !text.includes(' ');
    if (!isForm) throw refusal;
    return read(text.replaceAll('+', ' '));
  }
}

/** The same for words, of which none has a plus in it: in a text without blanks its pluses are those. */
export const withBlanks = (text: string): string => (text.includes(' ') ? text : text.replaceAll('+', ' '));
