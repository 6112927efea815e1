import { members } from './members.ts';
import type { Element, StructuredType } from './schema-model.ts';

const entity = (name: string, ...written: readonly string[]): StructuredType => ({
  kind: 'EntityType',
  name,
  baseType: 'graph.entity',
  members: members(...written),
});

const complex = (name: string, isOpen: boolean, ...written: readonly string[]): StructuredType => ({
  kind: 'ComplexType',
  name,
  ...(isOpen && { isOpen }),
  members: members(...written),
});

/** What Graph lacks, in a namespace of our own: its own types stay what its clients were made from. */
export const OWN_TYPES: readonly Element[] = [
  entity(
    'securityActionProvider',
    'vendorInformation: graph.securityVendorInformation',
    'aliases: String[]',
    'connector: String',
    'health: String',
    'healthMessage: String?',
    'actions: interdict.providerAction[]',
  ),
  complex(
    'providerAction',
    false,
    'name: String',
    'targetKind: String[]',
    'parameterSchema: interdict.object',
    'reversible: Boolean',
    'verification: String',
    'lateness: String',
    'defaultTtl: String',
    'maxTtl: String',
    'approval: Int32',
    'openC2: interdict.object?',
    'd3fend: String?',
    'example: interdict.object',
  ),
  entity(
    'enforcementInForce',
    'provider: String',
    'action: String',
    'target: String',
    'state: String',
    'verification: String',
    'verifiedDateTime: DateTimeOffset?',
    'expirationDateTime: DateTimeOffset?',
    'preexisting: Boolean',
    'drift: interdict.drift',
    'holds: interdict.hold[]',
  ),
  complex('drift', false, 'count: Int32', 'lastDateTime: DateTimeOffset?'),
  complex('hold', false, 'securityActionId: String', 'expirationDateTime: DateTimeOffset'),
  complex(
    'enforcement',
    true,
    'state: String',
    'provider: String?',
    'action: String?',
    'target: String?',
    'scheduledDateTime: DateTimeOffset?',
    'verification: String?',
    'verifiedDateTime: DateTimeOffset?',
    'expirationDateTime: DateTimeOffset?',
    'heldByOthers: Int32?',
    'preexisting: Boolean?',
    'simulated: Boolean?',
  ),
  complex(
    'dispatchPause',
    false,
    'provider: String?',
    'state: String',
    'reason: String',
    'since: DateTimeOffset',
    'by: interdict.changedBy',
  ),
  complex('changedBy', false, 'appId: String', 'user: String?'),
  complex('object', true),
  {
    kind: 'Action',
    name: 'stopDispatch',
    parameters: members('bindingParameter: graph.security', 'provider: String?', 'reason: String'),
  },
  {
    kind: 'Action',
    name: 'resumeDispatch',
    parameters: members('bindingParameter: graph.security', 'provider: String?', 'reason: String'),
  },
  {
    kind: 'Function',
    name: 'dispatchState',
    parameters: members('bindingParameter: graph.security'),
    returns: { type: 'interdict.dispatchPause', isCollection: true },
  },
];
