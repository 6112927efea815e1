import type { Expression } from './expression.ts';
import { readExpression } from './read-expression.ts';
import { beyond, createReader, invalid, LONGEST, seenAt, skipBlanks } from './reader.ts';
import { requireBoolean, resolve } from './resolve.ts';

/**
 * Reads the text of a `$filter`, decoded, in time linear in its length.
 *
 * @throws {Refusal} invalidFilter for what is not of the language, names nothing or compares what does not go together;
 *   unsupportedFilter for what is of the language and not served; limitExceeded; target `$filter`. The message begins
 *   with the place.
 * @see https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_SystemQueryOptionfilter
 */
export function parseFilter(text: string): Expression {
  if (text.length > LONGEST) throw beyond(`The filter is longer than ${LONGEST.toLocaleString('en')} characters.`);
  const reader = createReader(text);
  skipBlanks(reader);
  const raw = readExpression(reader);
  skipBlanks(reader);
  if (reader.at < text.length) {
    throw invalid(
      reader.at,
      `${seenAt(reader)} stands where an operator with blanks around it, or the end, is wanted.`,
    );
  }
  if (reader.refused) throw reader.refused;
  return requireBoolean(resolve(raw, new Map()), raw.at, 'A filter');
}
