import type { IncomingMessage } from 'node:http';
import { Refusal } from '../errors.ts';

const MAX_URL = 8_192;
const MAX_HEADERS = 100;

/** Headers that decide who asks, of whom, and how much there is to read: Node takes the first of two in silence. */
const ONCE = new Set(['host', 'authorization', 'content-length', 'content-type', 'transfer-encoding']);

function refuseRepeated(rawHeaders: readonly string[]): void {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!ONCE.has(name)) continue;
    if (seen.has(name)) {
      throw new Refusal('badRequest', `The header ${name} is there more than once.`, { target: name });
    }
    seen.add(name);
  }
}

/**
 * What is refused before anything of a request is read further.
 * @throws {Refusal} badRequest, uriTooLong, requestHeaderFieldsTooLarge
 */
export function checkRequestLimits({ httpVersion, rawHeaders, headers, url = '' }: IncomingMessage): void {
  if (httpVersion !== '1.1') throw new Refusal('badRequest', `HTTP/${httpVersion} is not served; HTTP/1.1 is.`);
  if (headers.host === undefined || headers.host === '') {
    throw new Refusal('badRequest', 'The header Host is missing.', { target: 'host' });
  }
  if (url.length > MAX_URL) throw new Refusal('uriTooLong', `The URL is longer than ${MAX_URL} characters.`);
  if (rawHeaders.length / 2 > MAX_HEADERS) {
    throw new Refusal('requestHeaderFieldsTooLarge', `There are more than ${MAX_HEADERS} headers.`);
  }
  refuseRepeated(rawHeaders);
}
