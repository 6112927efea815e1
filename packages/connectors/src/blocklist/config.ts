import type { ConnectorKind } from '../connector-kind.ts';

/** Nothing beyond what every provider has: who may fetch stands in `feedKeys`. */
export const configSchema: ConnectorKind['configSchema'] = { type: 'object', properties: {} };
