import { COMPLEX_MEMBERS, SECURITY_ACTION_PROPERTIES } from '@interdict/contract';
import { Refusal } from '../../errors.ts';
import { editDistance } from '../../lib/nearest-name.ts';
import { isControlName } from '../../odata/control-name.ts';

type Plain = Readonly<Record<string, unknown>>;

const MEMBERS: Readonly<Record<string, readonly string[]>> = COMPLEX_MEMBERS;

const PLACES = Object.keys(MEMBERS);

const TYPES: Readonly<Record<string, string>> = {
  '': 'securityAction',
  errorInfo: 'resultInfo',
  parameters: 'keyValuePair',
  states: 'securityActionState',
  vendorInformation: 'securityVendorInformation',
};

const CONTROL = ['ttl', 'expirationDateTime', 'scheduledDateTime', 'enforcement'];
/** Everything that a body may say and that means something. */
const KNOWN = [...SECURITY_ACTION_PROPERTIES, ...CONTROL];
const KNOWN_NAMES: ReadonlySet<string> = new Set(KNOWN);

/** Names that look as if they set an end; they would not. In lower case. */
const LIKE_AN_END = ['expires', 'expiresat', 'expiry', 'expiration', 'duration', 'ttlseconds'];

/** Names that look as if they held the effect back. In lower case. */
const LIKE_A_TRIAL = ['dryrun', 'whatif', 'simulate', 'preview', 'testmode'];

export const isDeclared = (name: string): boolean => SECURITY_ACTION_PROPERTIES.includes(name);

/** Names that are neither declared nor control nor annotations: the open type's own. */
export const extensionNames = (body: Plain): string[] =>
  Object.keys(body).filter((name) => !KNOWN_NAMES.has(name) && !isControlName(name));

const unknownProperty = (name: string, hint: string): Refusal =>
  new Refusal('badRequest', `There is no property "${name.slice(0, 100)}". ${hint}`, {
    inner: 'unknownProperty',
    target: name.slice(0, 100),
  });

function nearlyKnown(name: string): string | undefined {
  const lower = name.toLowerCase();
  const equal = KNOWN.find((known) => known.toLowerCase() === lower);
  if (equal !== undefined || name.length > 64) return equal;
  return KNOWN.find((known) => known.length > 6 && editDistance(known.toLowerCase(), lower) <= 2);
}

/**
 * A name that is nearly a known one is a slip, and what it was meant to say would be lost.
 * @throws {Refusal} unknownProperty
 */
export function refuseNearNames(names: readonly string[]): void {
  for (const name of names) {
    const meant = nearlyKnown(name);
    if (meant !== undefined) throw unknownProperty(name, `Did you mean "${meant}"?`);
    if (LIKE_AN_END.includes(name.toLowerCase())) throw unknownProperty(name, 'Did you mean "expirationDateTime"?');
    if (LIKE_A_TRIAL.includes(name.toLowerCase())) {
      throw unknownProperty(name, 'A request cannot be tried out: this one would have been carried out.');
    }
  }
}

function checkType(value: Plain, place: string, path: string): void {
  const given = value['@odata.type'];
  if (given === undefined) return;
  const type = TYPES[place] ?? '';
  if (given === `#microsoft.graph.${type}`) return;
  const named = String(given).replace(/^#/, '').toLowerCase();
  if (named === `microsoft.graph.${type}`.toLowerCase()) return;
  const target = path === '' ? '@odata.type' : `${path}/@odata.type`;
  throw new Refusal('badRequest', `"${target}" must be "#microsoft.graph.${type}".`, {
    inner: 'invalidProperty',
    target,
  });
}

function checkMembers(value: unknown, place: string, path: string): void {
  if (typeof value !== 'object' || value === null) return;
  const known = MEMBERS[place] ?? [];
  checkType(value as Plain, place, path);
  for (const name of Object.keys(value)) {
    if (known.includes(name) || isControlName(name)) continue;
    throw new Refusal('badRequest', `"${path}" has no member "${name.slice(0, 100)}". It has: ${known.join(', ')}.`, {
      inner: 'unknownProperty',
      target: `${path}/${name.slice(0, 100)}`,
    });
  }
}

/** Types said by the caller, and members of the closed types. @throws {Refusal} invalidProperty, unknownProperty */
export function checkNames(body: Plain): void {
  checkType(body, '', '');
  for (const place of PLACES) {
    const value = body[place];
    if (!Array.isArray(value)) checkMembers(value, place, place);
    else for (const [index, item] of value.entries()) checkMembers(item, place, `${place}/${index}`);
  }
}
