import type { ConnectorAction, ConnectorTraits } from '../connector.ts';
import type { Openc2Config, Profile } from './config.ts';

const action = (name: string, ...targetKinds: ConnectorAction['targetKinds']): ConnectorAction => ({
  name,
  targetKinds,
  reversible: true,
});

/** What a profile has words for; the consumer's own `pairs` are asked for before the first call. */
export const OFFERED: Readonly<Record<Profile, readonly ConnectorAction[]>> = {
  slpf: [action('BlockIp', 'ip', 'cidr')],
  pf: [action('BlockIp', 'ip', 'cidr'), action('BlockDomain', 'domain'), action('BlockUrl', 'url')],
  er: [action('IsolateHost', 'host'), action('BlockFile', 'sha256', 'sha1', 'md5')],
};

const COMMON = {
  verification: 'reported',
  probe: 'none',
  seesForeign: false,
  maxLatenessMs: 30_000,
  timeoutMs: 10_000,
  limits: { concurrency: 64 },
  simulated: false,
} as const satisfies Partial<ConnectorTraits>;

/** An endpoint has one state of a device or a file, and no place for whose it is. */
export const toTraits = ({ profile, keepsTime, deduplicates }: Openc2Config): ConnectorTraits => ({
  ...COMMON,
  actions: OFFERED[profile],
  idempotence: deduplicates ? 'native' : 'none',
  keepsTime,
  ...(profile === 'er' && { tenants: 'one' }),
});

/** Whatever its profile is: what that has no words for, the agent refuses. */
export const AGENT_TRAITS: ConnectorTraits = {
  ...COMMON,
  actions: [...OFFERED.pf, ...OFFERED.er],
  idempotence: 'none',
  keepsTime: true,
  tenants: 'one',
};
