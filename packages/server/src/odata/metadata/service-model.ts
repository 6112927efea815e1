import { listed, OF_ACTIONS, OF_THE_SERVICE } from './capabilities.ts';
import { GRAPH_OPERATIONS, GRAPH_TYPES } from './graph-types.ts';
import { OWN_TYPES } from './own-types.ts';
import type { Container, SchemaModel, StructuredType } from './schema-model.ts';

const VOCABULARY = 'https://oasis-tcs.github.io/odata-vocabularies/vocabularies/Org.OData.Capabilities.V1';

const security: StructuredType = {
  kind: 'EntityType',
  name: 'security',
  baseType: 'graph.entity',
  members: [],
  navigations: [
    { name: 'securityActions', type: 'graph.securityAction', annotations: OF_ACTIONS },
    {
      name: 'securityActionProviders',
      type: 'interdict.securityActionProvider',
      annotations: listed({ hasKeys: true }),
    },
    { name: 'enforcements', type: 'interdict.enforcementInForce', annotations: listed({ isPaged: true }) },
  ],
};

const container: Container = {
  kind: 'EntityContainer',
  name: 'GraphService',
  resources: [
    {
      kind: 'EntitySet',
      name: 'subscriptions',
      type: 'graph.subscription',
      annotations: listed({ hasKeys: true, isOpen: true }),
    },
    { kind: 'Singleton', name: 'security', type: 'graph.security', annotations: [] },
  ],
  annotations: OF_THE_SERVICE,
};

/** What this server is, for `$metadata`. */
export const SERVICE_MODEL: SchemaModel = {
  version: '4.0',
  vocabularies: [{ namespace: 'Org.OData.Capabilities.V1', alias: 'Capabilities', url: VOCABULARY }],
  schemas: [
    {
      namespace: 'microsoft.graph',
      alias: 'graph',
      elements: [...GRAPH_TYPES, security, ...GRAPH_OPERATIONS, container],
    },
    { namespace: 'interdict', elements: OWN_TYPES },
  ],
  container: 'microsoft.graph.GraphService',
};
