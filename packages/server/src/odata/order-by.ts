import { Refusal } from '../errors.ts';
import { nearestFilterable, resolvePath } from './filter/filterable.ts';

/** One key of an order. */
export interface OrderKey {
  /** Canonical path, as in `vendorInformation/provider`. */
  readonly path: string;
  readonly isDescending: boolean;
}

const MOST_KEYS = 10;

const refuse = (message: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'invalidQueryOption', target: '$orderby' });

const ITEM = /^\s*([A-Za-z_][\w./]*)(?:\s+(asc|desc))?\s*$/i;

function readKey(item: string): OrderKey {
  const [, name = '', direction = 'asc'] = ITEM.exec(item) ?? [];
  const shown = item.trim().slice(0, 100);
  if (name === '') {
    const what = shown === '' ? 'There is an empty item' : `"${shown}" is not a property with asc or desc behind it`;
    throw refuse(`${what} in "$orderby". Separate properties by commas, as in createdDateTime desc,name.`);
  }
  const found = resolvePath(name);
  if (!found) throw refuse(`Nothing can be ordered by "${name.slice(0, 100)}".${nearestFilterable(name)}`);
  return { path: found.path, isDescending: direction.toLowerCase() === 'desc' };
}

/**
 * Reads the text of an `$orderby`, decoded. Nulls come first where a key ascends.
 * @throws {Refusal} invalidQueryOption
 * @see https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_SystemQueryOptionorderby
 */
export function readOrderBy(text: string): readonly OrderKey[] {
  const items = text.split(',');
  if (items.length > MOST_KEYS) throw refuse(`"$orderby" has more than ${MOST_KEYS} properties.`);
  const keys = items.map(readKey);
  const twice = keys.find(({ path }, index) => keys.findIndex((key) => key.path === path) !== index);
  if (twice) throw refuse(`"${twice.path}" stands twice in "$orderby".`);
  return keys;
}
