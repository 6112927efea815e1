import type { ConnectorTraits } from '../connector.ts';

export const TRAITS: ConnectorTraits = {
  actions: [{ name: 'BlockDomain', targetKinds: ['domain'], reversible: true }],
  verification: 'readBack',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  keepsTime: false,
  // What stands in the socket when we leave is read, at the latest, when Unbound is through with what came before it.
  maxLatenessMs: 2_000,
  timeoutMs: 10_000,
  limits: { concurrency: 4_000 },
  simulated: false,
  tenants: 'one',
};
