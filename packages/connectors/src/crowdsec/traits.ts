import type { ConnectorTraits } from '../connector.ts';

/** What was sent before an abort is in the database of the local API within this: 4,000 decisions take 0.2 s. */
const LATEST_MS = 5_000;

export const toTraits = (ranges: boolean): ConnectorTraits => ({
  actions: [{ name: 'BlockIp', targetKinds: ranges ? ['ip', 'cidr'] : ['ip'], reversible: true }],
  verification: 'readBack',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  keepsTime: true,
  maxLatenessMs: LATEST_MS,
  // A deletion takes 3 ms, one after another: a whole group of releases is done in it.
  timeoutMs: 30_000,
  limits: { concurrency: 4_000 },
  simulated: false,
});
