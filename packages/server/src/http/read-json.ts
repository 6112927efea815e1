import { isUtf8 } from 'node:buffer';
import { Refusal } from '../errors.ts';
import { findJsonFault, type JsonFault } from '../lib/json-scan.ts';

const MAX_DEPTH = 32;

const malformed = (message: string): Refusal => new Refusal('badRequest', message, { inner: 'malformedJson' });

function refuse({ kind, path }: JsonFault): Refusal {
  if (kind === 'tooDeep') {
    return new Refusal('badRequest', `The body is nested deeper than ${MAX_DEPTH} levels.`, { inner: 'limitExceeded' });
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

/**
 * The body as JSON; undefined for a body of length 0, whatever its type says it is.
 * @throws {Refusal} malformedJson, duplicateProperty, unknownProperty, limitExceeded
 */
export function readJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw malformed('The body is no UTF-8 text.');
  const text = body.toString('utf8').replace(/^\uFEFF/, '');
  if (/^[\t\n\r ]*$/.test(text)) return undefined;
  const fault = findJsonFault(text, MAX_DEPTH);
  if (fault) throw refuse(fault);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`The body is no JSON: it breaks off, or has something unexpected${describe(error)}.`);
  }
}
