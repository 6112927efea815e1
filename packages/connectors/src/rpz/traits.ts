import type { ConnectorTraits } from '../connector.ts';
import { FUDGE_SECONDS } from './tsig.ts';

export const TRAITS: ConnectorTraits = {
  actions: [
    { name: 'BlockDomain', targetKinds: ['domain'], reversible: true },
    { name: 'BlockIp', targetKinds: ['ip', 'cidr'], reversible: true },
    { name: 'QuarantineDnsClient', targetKinds: ['ip', 'cidr'], reversible: true },
  ],
  verification: 'readBack',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  keepsTime: false,
  // The server takes no message whose signature is older than this by its clock, which may be as much behind.
  maxLatenessMs: 2 * FUDGE_SECONDS * 1_000,
  timeoutMs: 10_000,
  limits: { concurrency: 4_000 },
  simulated: false,
};
