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

/** An endpoint has one state of a device or a file, and no place for whose it is. */
export const toTraits = ({ profile, keepsTime, deduplicates }: Openc2Config): ConnectorTraits => ({
  actions: OFFERED[profile],
  verification: 'reported',
  idempotence: deduplicates ? 'native' : 'none',
  probe: 'none',
  seesForeign: false,
  keepsTime,
  maxLatenessMs: 30_000,
  timeoutMs: 10_000,
  limits: { concurrency: 64 },
  simulated: false,
  ...(profile === 'er' && { tenants: 'one' }),
});
