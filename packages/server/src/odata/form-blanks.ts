import { Refusal } from '../errors.ts';

/**
 * Reads an option in which a plus stands for itself, as RFC 3986 has it. Where it cannot be read so, and has no blank,
 * its pluses may be the blanks of an HTML form, which curl's `--data-urlencode` and `URLSearchParams` write.
 *
 * @throws {Refusal} of the first reading, where the second fails too
 */
export function readWithBlanks<Result>(text: string, read: (text: string) => Result): Result {
  try {
    return read(text);
  } catch (refusal) {
    if (!(refusal instanceof Refusal) || !text.includes('+') || text.includes(' ')) throw refusal;
    try {
      return read(text.replaceAll('+', ' '));
    } catch {
      throw refusal;
    }
  }
}
