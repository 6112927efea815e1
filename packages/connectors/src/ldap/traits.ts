import type { ConnectorTraits } from '../connector.ts';
import type { LdapConfig } from './config.ts';

/** What a directory has taken may wait in it for so long. */
const LATENESS_MS = 30_000;

const COMMON = {
  actions: [{ name: 'DisableUser', targetKinds: ['user'], reversible: true }],
  verification: 'readBack',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  maxLatenessMs: LATENESS_MS,
  timeoutMs: 10_000,
  // slapd ends a connection on which more than 1,000 requests wait.
  limits: { concurrency: 256 },
  simulated: false,
  tenants: 'one',
} as const satisfies Partial<ConnectorTraits>;

/** By dialect: Active Directory has nowhere to write an end. */
export const TRAITS: Readonly<Record<LdapConfig['dialect'], ConnectorTraits>> = {
  ppolicy: { ...COMMON, keepsTime: true },
  activeDirectory: { ...COMMON, keepsTime: false },
};
