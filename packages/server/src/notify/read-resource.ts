import { Refusal } from '../errors.ts';
import { parseFilter } from '../odata/filter/parse-filter.ts';
import { readQueryOptions } from '../odata/query-options.ts';
import { invalid } from './refuse.ts';
import type { SubscriptionContent } from './subscription.ts';

export type WatchedResource = Pick<SubscriptionContent, 'actionId' | 'filter'>;

const LONGEST = 4_096;

/** With or without a slash and a version in front; the key as a segment or in parentheses. */
const RESOURCE =
  /^\/?(?:(?:beta|v1\.0)\/)?security\/securityActions(?:\/([^/?#()']+)|\('([^/?#()']+)'\))?\/?(?:\?(.*))?$/is;

const FORMS = '"security/securityActions", with "?$filter=…" if need be, or "security/securityActions/{id}"';

/** Whatever is wrong with the query is wrong with the resource. */
function asResource<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    throw new Refusal('badRequest', thrown.message, {
      ...(thrown.inner !== undefined && { inner: thrown.inner as 'invalidFilter' }),
      target: 'resource',
      ...(thrown.details && { details: thrown.details }),
    });
  }
}

/** @throws {Refusal} invalidProperty, invalidFilter, unsupportedFilter, invalidQueryOption, unknownProperty, limitExceeded */
export function readResource(resource: string): WatchedResource {
  if (resource.length > LONGEST) {
    throw new Refusal('badRequest', `"resource" has ${resource.length} characters; at most ${LONGEST} are taken.`, {
      inner: 'limitExceeded',
      target: 'resource',
    });
  }
  if (/^https?:/i.test(resource)) throw invalid('resource', `"resource" is a path without scheme and host: ${FORMS}.`);
  const found = RESOURCE.exec(resource);
  if (!found) throw invalid('resource', `Nobody can subscribe to "${resource.slice(0, 100)}". Write ${FORMS}.`);
  const [, segment, key, query = ''] = found;
  const actionId = segment ?? key ?? null;
  const { filter } = asResource(() => readQueryOptions(query, ['filter']));
  if (filter === undefined) return { actionId, filter: null };
  if (actionId !== null) throw invalid('resource', 'A subscription to one securityAction has no "$filter".');
  asResource(() => parseFilter(filter));
  return { actionId, filter };
}
