import { ENFORCEMENT_STATES, OPERATION_STATUSES } from '@interdict/contract';
import { didYouMean } from '../../lib/nearest-name.ts';
import type { Collection, Path, ValueType } from './expression.ts';

type Typed = readonly (readonly [path: string, type: ValueType])[];

/** Properties that can be filtered and ordered by, with their types. */
export const FILTERABLE: Typed = [
  ['id', 'string'],
  ['actionReason', 'string'],
  ['appId', 'string'],
  ['azureTenantId', 'string'],
  ['clientContext', 'string'],
  ['completedDateTime', 'dateTimeOffset'],
  ['createdDateTime', 'dateTimeOffset'],
  ['errorInfo/code', 'number'],
  ['errorInfo/message', 'string'],
  ['errorInfo/subcode', 'number'],
  ['lastActionDateTime', 'dateTimeOffset'],
  ['name', 'string'],
  ['status', 'operationStatus'],
  ['user', 'string'],
  ['vendorInformation/provider', 'string'],
  ['vendorInformation/providerVersion', 'string'],
  ['vendorInformation/subProvider', 'string'],
  ['vendorInformation/vendor', 'string'],
  ['enforcement/state', 'enforcementState'],
  ['enforcement/action', 'string'],
  ['enforcement/provider', 'string'],
  ['enforcement/target', 'string'],
  ['enforcement/expirationDateTime', 'dateTimeOffset'],
];

/** Members of the collections that `any` and `all` range over. */
export const MEMBERS: Readonly<Record<Collection, Typed>> = {
  parameters: [
    ['name', 'string'],
    ['value', 'string'],
  ],
  states: [
    ['appId', 'string'],
    ['status', 'operationStatus'],
    ['updatedDateTime', 'dateTimeOffset'],
    ['user', 'string'],
  ],
};

/** Members of the enumerations, in the order of their values. */
export const ENUMERATIONS: Readonly<Partial<Record<ValueType, readonly string[]>>> = {
  operationStatus: OPERATION_STATUSES,
  enforcementState: ENFORCEMENT_STATES,
};

const byName = (typed: Typed): ReadonlyMap<string, Path> =>
  new Map(typed.map(([path, type]) => [path, { kind: 'path', path, type }]));

const PROPERTIES = byName(FILTERABLE);
const OF_MEMBERS = { parameters: byName(MEMBERS.parameters), states: byName(MEMBERS.states) };

/** The property at a path; undefined where none can be filtered by. Letter case counts, as everywhere in OData. */
export const resolvePath = (path: string): Path | undefined => PROPERTIES.get(path);

export const resolveMember = (over: Collection, name: string, variable: string): Path | undefined => {
  const found = OF_MEMBERS[over].get(name);
  return found && { ...found, of: variable };
};

/** A sentence, with a blank before it, that names what comes nearest to a path. */
export function nearestFilterable(path: string): string {
  const paths = FILTERABLE.map(([known]) => known);
  const below = paths.filter((known) => known.startsWith(`${path}/`));
  if (below.length > 0) return ` It has: ${below.join(', ')}.`;
  const ends = paths.filter((known) => known.endsWith(`/${path}`));
  if (ends.length > 0) return ` Did you mean "${ends.join('" or "')}"?`;
  return didYouMean(path, paths) || ` There are: ${paths.join(', ')}.`;
}

export const nearestMember = (over: Collection, name: string): string => {
  const names = MEMBERS[over].map(([known]) => known);
  return didYouMean(name, names) || ` There are: ${names.join(', ')}.`;
};
