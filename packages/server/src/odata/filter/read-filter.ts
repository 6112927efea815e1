import type { Refusal } from '../../errors.ts';
import { refuseRest } from './misread.ts';
import type { Raw } from './raw.ts';
import { readExpression } from './read-expression.ts';
import { beyond, createReader, LONGEST, skipBlanks } from './reader.ts';

/** A filter whose text is of the language. */
export interface ReadFilter {
  readonly raw: Raw;
  /** The first thing in it that is not served. */
  readonly refused: Refusal | undefined;
}

/**
 * Reads the text of a filter by the grammar alone: names mean nothing yet, and types go unchecked.
 * @throws {Refusal} invalidFilter, limitExceeded; unsupportedFilter where what follows cannot be read
 */
export function readFilter(text: string): ReadFilter {
  if (text.length > LONGEST) throw beyond(`The filter is longer than ${LONGEST} characters.`);
  const reader = createReader(text);
  skipBlanks(reader);
  const raw = readExpression(reader);
  skipBlanks(reader);
  if (reader.at < text.length) refuseRest(reader, 'the end');
  return { raw, refused: reader.refused };
}
