import { didYouMean } from '../../lib/nearest-name.ts';
import { isControlName } from '../../odata/control-name.ts';
import { checkOrder } from './check-order.ts';
import { type BatchItem, readItem } from './read-item.ts';
import { isObject, refuse } from './refuse-batch.ts';

/** As many as Graph takes, and as its SDKs send. */
const MOST_ITEMS = 20;

function refuseOtherMembers(body: Readonly<Record<string, unknown>>): void {
  const other = Object.keys(body).find((name) => name !== 'requests' && !isControlName(name));
  if (other === undefined) return;
  const hint = didYouMean(other, ['requests']) || ' It has "requests" and nothing else.';
  throw refuse('unknownProperty', other, `A batch has no member "${other.slice(0, 100)}".${hint}`);
}

function requestsOf(body: unknown): readonly unknown[] {
  if (!isObject(body)) {
    throw refuse('invalidProperty', 'requests', 'A batch is an object, as in {"requests":[{"id":"1",…}]}.');
  }
  refuseOtherMembers(body);
  const { requests } = body;
  if (requests === undefined) throw refuse('missingProperty', 'requests', 'The batch has no "requests".');
  if (!Array.isArray(requests)) throw refuse('invalidProperty', 'requests', '"requests" must be a list of requests.');
  if (requests.length === 0)
    throw refuse('invalidProperty', 'requests', '"requests" is empty: there is nothing to do.');
  if (requests.length > MOST_ITEMS) {
    const message = `The batch has ${requests.length} requests; at most ${MOST_ITEMS} are taken. Send several batches.`;
    throw refuse('limitExceeded', 'requests', message);
  }
  return requests;
}

function refuseSameIds(items: readonly BatchItem[]): void {
  const seen = new Set<string>();
  for (const [index, { key, id }] of items.entries()) {
    if (seen.has(key)) {
      const message = `Two requests have the id "${id}"; letter case makes no difference. Give each its own.`;
      throw refuse('invalidProperty', `requests/${index}/id`, message);
    }
    seen.add(key);
  }
}

/**
 * The requests of a batch, in their order, when the whole of it is sound. What is wrong in one request alone is found
 * when that one is carried out, and is its own answer.
 *
 * @throws {Refusal} invalidProperty, missingProperty, unknownProperty, limitExceeded, notSupported
 * @see https://learn.microsoft.com/graph/json-batching
 */
export function readBatch(body: unknown): readonly BatchItem[] {
  const items = requestsOf(body).map(readItem);
  refuseSameIds(items);
  checkOrder(items);
  return items;
}
