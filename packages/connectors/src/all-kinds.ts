import { blocklist } from './blocklist/connector.ts';
import type { ConnectorKind } from './connector-kind.ts';
import { nftables } from './nftables/connector.ts';
import { simulator } from './simulator/connector.ts';
import { unbound } from './unbound/connector.ts';
import { webhook } from './webhook/connector.ts';

/** Every kind of connector, as `connector:` names it in the configuration. */
export const CONNECTOR_KINDS: readonly ConnectorKind[] = [blocklist, nftables, simulator, unbound, webhook];
