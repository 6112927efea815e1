import type { ConnectorTraits } from '../connector.ts';
import { LINGER_MS } from './run-nft.ts';

/** A killed nft that was already inside the kernel commits all the same: 90 ms were seen for 10,000 elements. */
const COMMIT_MS = 1_000;

export const TRAITS: ConnectorTraits = {
  actions: [{ name: 'BlockIp', targetKinds: ['ip', 'cidr'], reversible: true }],
  verification: 'readBack',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  sparesForeign: true,
  keepsTime: true,
  maxLatenessMs: LINGER_MS + COMMIT_MS,
  timeoutMs: 10_000,
  limits: { concurrency: 4_000 },
  simulated: false,
};
