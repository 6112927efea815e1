import { agentOver } from './agent/connector.ts';
import { blocklist } from './blocklist/connector.ts';
import { clamav } from './clamav/connector.ts';
import type { ConnectorKind } from './connector-kind.ts';
import { crowdsec } from './crowdsec/connector.ts';
import { defender } from './defender/connector.ts';
import { haproxy } from './haproxy/connector.ts';
import { isolation } from './isolation/connector.ts';
import { ldap } from './ldap/connector.ts';
import { nftables } from './nftables/connector.ts';
import { openc2 } from './openc2/connector.ts';
import { rpz } from './rpz/connector.ts';
import { simulator } from './simulator/connector.ts';
import { squid } from './squid/connector.ts';
import { unbound } from './unbound/connector.ts';
import { webhook } from './webhook/connector.ts';

const KINDS: readonly ConnectorKind[] = [
  blocklist,
  clamav,
  crowdsec,
  defender,
  haproxy,
  isolation,
  ldap,
  nftables,
  openc2,
  rpz,
  simulator,
  squid,
  unbound,
  webhook,
];

/** Every kind of connector, as `connector:` names it in the configuration. */
export const CONNECTOR_KINDS: readonly ConnectorKind[] = [agentOver(KINDS), ...KINDS];
