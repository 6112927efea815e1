import { Refusal } from '../../errors.ts';
import { refuse, shown } from './refuse-batch.ts';

const MOST_HEADERS = 100;
const MOST_CHARACTERS = 16_384;

const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
/** What a header of a real request may hold. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function checkSize(entries: readonly (readonly [string, string])[]): void {
  const characters = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (entries.length > MOST_HEADERS) {
    throw new Refusal('requestHeaderFieldsTooLarge', `There are more than ${MOST_HEADERS} headers.`);
  }
  if (characters <= MOST_CHARACTERS) return;
  throw new Refusal('requestHeaderFieldsTooLarge', 'The headers of this request are larger than 16 KB.');
}

function refuseUnusable(name: string, value: string): void {
  if (!NAME.test(name)) throw refuse('invalidProperty', 'headers', `${shown(name)} cannot be the name of a header.`);
  if (!VALUE.test(value)) {
    throw refuse('invalidProperty', name, `The header ${name.slice(0, 100)} has a character that no header can have.`);
  }
  if (name === 'authorization' || name === 'proxy-authorization') {
    const message = 'A request of a batch has no Authorization of its own: the token of the batch says who asks.';
    throw refuse('invalidProperty', name, message);
  }
}

/**
 * The headers of one request of a batch, names in lower case. It has these alone: nothing of the batch's is added.
 * @throws {Refusal} invalidProperty, duplicateProperty, requestHeaderFieldsTooLarge
 */
export function readItemHeaders(sent: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(sent);
  if (entries.length === 0) return sent;
  checkSize(entries);
  const headers = new Map<string, string>();
  for (const [written, value] of entries) {
    const name = written.toLowerCase();
    refuseUnusable(name, value);
    if (headers.has(name)) {
      throw refuse(
        'duplicateProperty',
        name,
        `The header ${name.slice(0, 100)} is there more than once. Send it once.`,
      );
    }
    headers.set(name, value.trim());
  }
  return Object.fromEntries(headers);
}
