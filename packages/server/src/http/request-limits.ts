import type { IncomingMessage } from 'node:http';
import { Refusal } from '../errors.ts';

const MAX_URL = 8_192;
const MAX_HEADERS = 100;

/**
 * Headers that decide who asks, of whom, for what, and how much there is to read: of two, Node takes the first in
 * silence, or makes one text of both.
 */
const ONCE = new Set([
  'host',
  'authorization',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'expect',
  'idempotency-key',
  'repeatability-request-id',
  'repeatability-first-sent',
]);

const refuse = (message: string, target: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'invalidProperty', target });

function refuseRepeated(rawHeaders: readonly string[], headers: IncomingMessage['headers']): void {
  // As many names as lines: none is there twice.
  if (Object.keys(headers).length * 2 === rawHeaders.length) return;
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!ONCE.has(name)) continue;
    if (seen.has(name)) {
      const message = `The header ${name} is there more than once. Send it once.`;
      throw new Refusal('badRequest', message, { inner: 'duplicateProperty', target: name });
    }
    seen.add(name);
  }
}

const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** The last Host that was found to be one: clients send the same with every request. */
const lastHost = { text: '' };

/** Links are built on it, so it has to be a host and nothing else. */
function checkHost(host: string | undefined): void {
  if (host === undefined || host === '') {
    throw new Refusal('badRequest', 'The header Host is missing.', { inner: 'missingProperty', target: 'host' });
  }
  if (host === lastHost.text) return;
  if (HOST.test(host) && URL.canParse(`http://${host}`)) {
    lastHost.text = host;
    return;
  }
  throw refuse('The header Host is no host with or without a port, as in localhost:8080.', 'host');
}

/** @throws {Refusal} uriTooLong, invalidProperty */
export function checkUrl(url: string): void {
  if (url.length > MAX_URL) throw new Refusal('uriTooLong', `The URL is longer than ${MAX_URL} characters.`);
  if (url.includes('#')) throw refuse('The URL has a fragment. What stands behind "#" is never sent.', 'url');
}

function checkFraming(headers: IncomingMessage['headers']): void {
  const { 'transfer-encoding': coding, expect } = headers;
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    throw refuse(`Transfer-Encoding "${coding.slice(0, 50)}" is not served; chunked is.`, 'transfer-encoding');
  }
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
    throw refuse(`Expect "${expect.slice(0, 50)}" cannot be met; 100-continue can.`, 'expect');
  }
}

/**
 * What is refused before anything of a request is read further.
 * @throws {Refusal} badRequest, uriTooLong, requestHeaderFieldsTooLarge
 */
export function checkRequestLimits({ httpVersion, rawHeaders, headers, url = '' }: IncomingMessage): void {
  if (httpVersion !== '1.1') throw refuse(`HTTP/${httpVersion} is not served; HTTP/1.1 is.`, 'http-version');
  if (rawHeaders.length / 2 > MAX_HEADERS) {
    throw new Refusal('requestHeaderFieldsTooLarge', `There are more than ${MAX_HEADERS} headers.`);
  }
  refuseRepeated(rawHeaders, headers);
  checkHost(headers.host);
  checkUrl(url);
  checkFraming(headers);
}
