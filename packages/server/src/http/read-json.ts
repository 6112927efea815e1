import { isUtf8 } from 'node:buffer';
import { Refusal } from '../errors.ts';
import { withPlainNames } from '../lib/json-names.ts';
import { findInexactNumber } from '../lib/json-numbers.ts';
import { findJsonFault, type JsonFault, lookAtJson } from '../lib/json-scan.ts';

/** Levels of objects and lists in a body. */
export const MAX_DEPTH = 32;

const malformed = (message: string): Refusal => new Refusal('badRequest', message, { inner: 'malformedJson' });

function refuse({ kind, path }: JsonFault, maxDepth: number): Refusal {
  if (kind === 'tooDeep') {
    return new Refusal('badRequest', `The body is nested deeper than ${maxDepth} levels.`, { inner: 'limitExceeded' });
  }
  const target = path.slice(0, 200);
  return kind === 'duplicate'
    ? new Refusal('badRequest', `The body has "${target}" twice.`, { inner: 'duplicateProperty', target })
    : new Refusal('badRequest', `The body has a property "${target}", which is refused.`, {
        inner: 'unknownProperty',
        target,
      });
}

/** Where the parser stopped, in words that help to find it. */
function describe(error: unknown): string {
  const { message } = error as Error;
  const found = /position (\d+)/.exec(message);
  return found ? ` at character ${found[1]}` : '';
}

type Parsed = { readonly value: unknown } | { readonly error: unknown };

function parse(text: string): Parsed {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { error };
  }
}

function refuseFault(text: string, maxDepth: number): void {
  const fault = findJsonFault(text, maxDepth);
  if (fault) throw refuse(fault, maxDepth);
}

/** @see https://www.rfc-editor.org/rfc/rfc8259#section-6 which leaves open what becomes of them */
function refuseInexact(text: string): void {
  const found = findInexactNumber(text);
  if (!found) return;
  const [literal, target] = [found.literal.slice(0, 60), found.key.slice(0, 100)];
  const message = `The number ${literal} at "${target}" cannot be kept exactly. Send it as text.`;
  throw new Refusal('badRequest', message, { inner: 'invalidProperty', target });
}

/** In characters. Parsing 130,000 levels takes a tenth of a second: a long text is looked at before. */
const LONG = 16_384;

const BYTE_ORDER_MARK = 0xfeff;
function plainNamesOf(text: string): string {
  const plain = withPlainNames(text);
  if ('text' in plain) return plain.text;
  const target = plain.refused.slice(0, 100);
  const message = 'The name of a property has letters, digits and _, and no quote, backslash or control character.';
  throw new Refusal('badRequest', message, { inner: 'invalidProperty', target });
}

const withoutMark = (text: string): string => (text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);

/**
 * The body as JSON; undefined for a body of length 0, whatever its type says it is.
 * @throws {Refusal} malformedJson, duplicateProperty, unknownProperty, limitExceeded; invalidProperty for a number that
 *   would come back changed, or a name with a character that needs an escape
 */
export function readJson(body: Buffer, maxDepth = MAX_DEPTH): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw malformed('The body is no UTF-8 text.');
  const sent = withoutMark(body.toString('utf8'));
  if (/^[\t\n\r ]*$/.test(sent)) return undefined;
  const text = plainNamesOf(sent);
  if (text.length > LONG) refuseFault(text, maxDepth);
  const parsed = parse(text);
  const look = 'value' in parsed ? lookAtJson(text, parsed.value, maxDepth) : undefined;
  if (!look?.isPlain) refuseFault(text, maxDepth);
  if ('value' in parsed) {
    if (look?.hasNumbers) refuseInexact(text);
    return parsed.value;
  }
  throw malformed(`The body is no JSON: it breaks off, or has something unexpected${describe(parsed.error)}.`);
}
