import { COMPLEX_MEMBERS, SECURITY_ACTION_PROPERTIES } from '@interdict/contract';
import { Refusal } from '../errors.ts';
import { didYouMean } from '../lib/nearest-name.ts';

/** What a `$select` asks for: properties, and members of complex ones. */
export interface Selection {
  /** Paths in the order asked for, each once, as in `vendorInformation/provider`; `*` alone for all there is. */
  readonly paths: readonly string[];
  /** By property, the members asked for; null for the whole property. */
  readonly members: ReadonlyMap<string, readonly string[] | null>;
}

type Plain = Readonly<Record<string, unknown>>;

const ENFORCEMENT_MEMBERS = [
  'state',
  'provider',
  'action',
  'target',
  'verification',
  'verifiedDateTime',
  'expirationDateTime',
  'heldByOthers',
  'preexisting',
  'simulated',
  'approval',
  'recordedBy',
];

const MEMBERS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...Object.entries(COMPLEX_MEMBERS),
  ['enforcement', ENFORCEMENT_MEMBERS],
]);

const PROPERTIES = [...SECURITY_ACTION_PROPERTIES, 'enforcement'];

const refuse = (message: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'invalidQueryOption', target: '$select' });

const shown = (name: string): string => name.slice(0, 100);

function checkPath(path: string): void {
  if (path === '') throw refuse('"$select" has an empty name. It is a list of properties, as in id,status.');
  const [name = '', member, ...deeper] = path.split('/');
  if (!PROPERTIES.includes(name)) {
    const hint = didYouMean(name, PROPERTIES) || ` There are: ${PROPERTIES.join(', ')}.`;
    throw refuse(`"$select" names "${shown(name)}", which is no property of a securityAction.${hint}`);
  }
  if (member === undefined) return;
  const known = MEMBERS.get(name);
  if (!known) throw refuse(`"$select" names "${shown(path)}", but ${name} has no members.`);
  if (deeper.length > 0 || !known.includes(member)) {
    const hint = didYouMean(member, known) || ` It has: ${known.join(', ')}.`;
    throw refuse(`"$select" names "${shown(path)}", but ${name} has no such member.${hint}`);
  }
}

function select(paths: readonly string[]): Selection {
  const members = new Map<string, readonly string[] | null>();
  for (const path of paths) {
    const [name = '', member] = path.split('/');
    const before = members.get(name);
    if (member === undefined || before === null) members.set(name, null);
    else members.set(name, [...(before ?? []), member]);
  }
  return { paths, members };
}

/**
 * Reads the text of a `$select`, decoded. Names are as declared, letter by letter; extensions come only with `*`.
 * @see https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_SystemQueryOptionselect
 * @throws {Refusal} invalidQueryOption, target `$select`
 */
export function parseSelect(text: string): Selection {
  const paths = [...new Set(text.split(',').map((path) => path.trim()))];
  for (const path of paths) if (path !== '*') checkPath(path);
  return select(paths.includes('*') ? ['*'] : paths);
}

/** The same with `id`: without it nobody could tell which action a change is of. */
export const withId = (selection: Selection): Selection =>
  selection.members.has('*') || selection.members.has('id') ? selection : select(['id', ...selection.paths]);

/** Annotations belong to what they stand in. */
const isKept = (name: string, names: { has(name: string): boolean }): boolean =>
  name.startsWith('@') || names.has(name);

function narrow(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => narrow(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => isKept(name, names)));
}

/** An entity's text with what was selected, in the entity's own order. What the entity does not have stays away. */
export function applySelect({ members }: Selection, entityText: string): string {
  if (members.has('*')) return entityText;
  const entity = JSON.parse(entityText) as Plain;
  const chosen = Object.entries(entity).flatMap(([name, value]) => {
    if (!isKept(name, members)) return [];
    const wanted = members.get(name);
    return [[name, wanted ? narrow(value, new Set(wanted)) : value] as const];
  });
  return JSON.stringify(Object.fromEntries(chosen));
}

/** What stands in the parentheses of `@odata.context`. */
export const selectContext = ({ paths }: Selection): string => paths.join(',');
