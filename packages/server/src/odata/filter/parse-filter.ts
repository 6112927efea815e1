import type { Expression } from './expression.ts';
import { readFilter } from './read-filter.ts';
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
  const { raw, refused } = readFilter(text);
  if (refused) throw refused;
  return requireBoolean(resolve(raw, new Map()), raw.at, 'A filter');
}
