import { OPERATION_STATUSES } from '@interdict/contract';
import { members } from './members.ts';
import type { Element, StructuredType } from './schema-model.ts';

const entity: StructuredType = {
  kind: 'EntityType',
  name: 'entity',
  isAbstract: true,
  key: 'id',
  members: members('id: String'),
};

/** Microsoft Graph's declaration, member by member. What else an action has, it has because the type is open. */
const securityAction: StructuredType = {
  kind: 'EntityType',
  name: 'securityAction',
  baseType: 'graph.entity',
  isOpen: true,
  members: members(
    'actionReason: String?',
    'appId: String?',
    'azureTenantId: String?',
    'clientContext: String?',
    'completedDateTime: DateTimeOffset?',
    'createdDateTime: DateTimeOffset?',
    'errorInfo: graph.resultInfo?',
    'lastActionDateTime: DateTimeOffset?',
    'name: String?',
    'parameters: graph.keyValuePair[]',
    'states: graph.securityActionState[]',
    'status: graph.operationStatus?',
    'user: String?',
    'vendorInformation: graph.securityVendorInformation?',
  ),
};

const subscription: StructuredType = {
  kind: 'EntityType',
  name: 'subscription',
  baseType: 'graph.entity',
  members: members(
    'applicationId: String?',
    'changeType: String',
    'clientState: String?',
    'creatorId: String?',
    'encryptionCertificate: String?',
    'encryptionCertificateId: String?',
    'expirationDateTime: DateTimeOffset',
    'includeResourceData: Boolean?',
    'latestSupportedTlsVersion: String?',
    'lifecycleNotificationUrl: String?',
    'notificationQueryOptions: String?',
    'notificationUrl: String',
    'notificationUrlAppId: String?',
    'resource: String',
  ),
};

const complex = (name: string, ...written: readonly string[]): StructuredType => ({
  kind: 'ComplexType',
  name,
  members: members(...written),
});

/**
 * Types of Microsoft Graph's own schema, with its names, order and nullability.
 * @see https://github.com/microsoftgraph/msgraph-metadata/blob/master/schemas/beta-Prod.csdl
 */
export const GRAPH_TYPES: readonly Element[] = [
  entity,
  securityAction,
  subscription,
  complex('keyValuePair', 'name: String', 'value: String?'),
  complex('resultInfo', 'code: Int32', 'message: String?', 'subcode: Int32'),
  complex(
    'securityActionState',
    'appId: String?',
    'status: graph.operationStatus?',
    'updatedDateTime: DateTimeOffset?',
    'user: String?',
  ),
  complex(
    'securityVendorInformation',
    'provider: String?',
    'providerVersion: String?',
    'subProvider: String?',
    'vendor: String?',
  ),
  { kind: 'EnumType', name: 'operationStatus', members: OPERATION_STATUSES },
];

/** Operations that Graph has for these types. `bindparameter` is written as Graph writes it. */
export const GRAPH_OPERATIONS: readonly Element[] = [
  { kind: 'Action', name: 'cancelSecurityAction', parameters: members('bindparameter: graph.securityAction?') },
  { kind: 'Action', name: 'reauthorize', parameters: members('bindingParameter: graph.subscription') },
  {
    kind: 'Function',
    name: 'delta',
    parameters: members('bindingParameter: graph.securityAction[]'),
    returns: { type: 'graph.securityAction', isCollection: true },
  },
];
