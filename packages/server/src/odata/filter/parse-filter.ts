import type { Expression } from './expression.ts';

/**
 * Reads the text of a `$filter`, decoded.
 * @throws {Refusal} invalidFilter, unsupportedFilter, unknownProperty, limitExceeded; target `$filter`
 */
export function parseFilter(text: string): Expression {
  throw new Error(`Not merged yet: ${text}`);
}
