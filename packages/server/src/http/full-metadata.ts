import { SECURITY_ACTION_PROPERTIES } from '@interdict/contract';
import type { Exchange } from './exchange.ts';
import { ACTIONS, actionUrl } from './links.ts';

type Plain = Readonly<Record<string, unknown>>;

/** Names of a complex property's type. A collection's stands beside it, an object's within. */
const OBJECTS: Readonly<Record<string, string>> = {
  errorInfo: '#microsoft.graph.resultInfo',
  vendorInformation: '#microsoft.graph.securityVendorInformation',
  enforcement: '#interdict.enforcement',
};
const COLLECTIONS: Readonly<Record<string, string>> = {
  parameters: '#Collection(microsoft.graph.keyValuePair)',
  states: '#Collection(microsoft.graph.securityActionState)',
};

/** Types that JSON does not show, by the names of those who have them. */
const SIMPLE: Readonly<Record<string, string>> = {
  completedDateTime: '#DateTimeOffset',
  createdDateTime: '#DateTimeOffset',
  lastActionDateTime: '#DateTimeOffset',
  updatedDateTime: '#DateTimeOffset',
  verifiedDateTime: '#DateTimeOffset',
  scheduledDateTime: '#DateTimeOffset',
  expirationDateTime: '#DateTimeOffset',
  dateTime: '#DateTimeOffset',
  status: '#microsoft.graph.operationStatus',
  code: '#Int32',
  subcode: '#Int32',
  heldByOthers: '#Int32',
};
/** Of these complex properties the members are ours; an extension may have any. */
const KNOWN_INSIDE: readonly string[] = [...Object.keys(OBJECTS), ...Object.keys(COLLECTIONS)];

const isObject = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function typedMember(name: string, value: unknown): [string, unknown][] {
  const simple = SIMPLE[name];
  if (simple !== undefined && value !== null && !isObject(value))
    return [
      [`${name}@odata.type`, simple],
      [name, value],
    ];
  const collection = COLLECTIONS[name];
  if (collection !== undefined && Array.isArray(value)) {
    return [
      [`${name}@odata.type`, collection],
      [name, value.map((item) => (isObject(item) ? typedMembers(item) : item))],
    ];
  }
  if (!isObject(value) || !KNOWN_INSIDE.includes(name)) return [[name, value]];
  const type = OBJECTS[name];
  return [[name, { ...(type !== undefined && { '@odata.type': type }), ...typedMembers(value) }]];
}

function typedMembers(value: Plain): Plain {
  return Object.fromEntries(Object.entries(value).flatMap(([name, member]) => typedMember(name, member)));
}

/** An extension may bear the name of a member further in, and mean what it likes. */
const isOurs = (name: string): boolean => name === 'enforcement' || SECURITY_ACTION_PROPERTIES.includes(name);

/** What full metadata says of one securityAction beside its text. */
export interface FullEntity {
  readonly id: string;
  /** With its quotes. */
  readonly etag: string;
  readonly isRecord: boolean;
}

const CANCEL = 'microsoft.graph.cancelSecurityAction';

/**
 * The text of an entity, or of what was selected of it, with what full metadata adds: its type, id, tag and edit link,
 * the types that JSON does not show, and the action that is bound to it. A record cannot be cancelled.
 *
 * @see https://docs.oasis-open.org/odata/odata-json-format/v4.01/ §4.5, §16
 */
export function withFullMetadata(
  { base, root }: Pick<Exchange, 'base' | 'root'>,
  text: string,
  of: FullEntity,
): string {
  const { '@odata.type': sent = '#microsoft.graph.securityAction', ...members } = JSON.parse(text) as Plain;
  const url = actionUrl(base, root, of.id);
  return JSON.stringify({
    '@odata.type': sent,
    '@odata.id': url,
    '@odata.etag': of.etag,
    '@odata.editLink': `${ACTIONS}/${encodeURIComponent(of.id)}`,
    ...Object.fromEntries(
      Object.entries(members).flatMap(([name, value]) => (isOurs(name) ? typedMember(name, value) : [[name, value]])),
    ),
    ...(!of.isRecord && { [`#${CANCEL}`]: { title: CANCEL, target: `${url}/${CANCEL}` } }),
  });
}
