import { Refusal } from '../../errors.ts';
import { checkType, MAX_BODY, tooLarge } from '../read-body.ts';
import { readJson } from '../read-json.ts';
import type { BatchItem } from './read-item.ts';
import { isObject, refuse } from './refuse-batch.ts';

const BASE64 = /^[A-Za-z\d+/_-]*={0,2}$/;

/** SDKs send JSON so when they lose the type of it. White space is what some encoders break lines with. */
function decode(body: string): unknown {
  const text = body.replace(/[\r\n]/g, '');
  if (BASE64.test(text) && text.replace(/=+$/, '').length % 4 !== 1) {
    if (text.length > Math.ceil(MAX_BODY / 3) * 4) throw tooLarge(MAX_BODY);
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length > MAX_BODY) throw tooLarge(MAX_BODY);
    return readJson(bytes);
  }
  throw refuse(
    'malformedJson',
    'body',
    'A body that is a text must be the base64 of JSON. Send the JSON itself, as an object.',
  );
}

/** It has been parsed with the batch, and looked through for what the parser lets pass. */
function checkSize(body: unknown): unknown {
  if (Buffer.byteLength(JSON.stringify(body)) > MAX_BODY) throw tooLarge(MAX_BODY);
  return body;
}

const saysNothing = (body: unknown): boolean =>
  body === undefined || body === null || body === '' || (isObject(body) && Object.keys(body).length === 0);

/**
 * The body of one request of a batch, as a handler sees it; undefined where there is none.
 * @throws {Refusal} malformedJson and the like, invalidProperty, unsupportedMediaType, payloadTooLarge
 */
export function readItemBody({ method, body }: BatchItem, headers: Readonly<Record<string, string>>): unknown {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') {
    if (saysNothing(body)) return undefined;
    throw refuse('invalidProperty', 'body', `A ${method} has no body. Leave it out.`);
  }
  if (body === undefined || body === null || body === '') return undefined;
  const encoding = headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding !== 'identity') {
    const message = 'Content-Encoding is for the whole batch, not for a request in it. Leave it out.';
    throw new Refusal('unsupportedMediaType', message, { target: 'content-encoding' });
  }
  checkType(headers['content-type']);
  return typeof body === 'string' ? decode(body) : checkSize(body);
}
