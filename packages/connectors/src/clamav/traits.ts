import type { ConnectorTraits } from '../connector.ts';

/** A list whose write was under way when its call was ended is on the disk a little later. */
const WRITE_MS = 5_000;

export const TRAITS: ConnectorTraits = {
  actions: [{ name: 'BlockFile', targetKinds: ['sha256', 'sha1', 'md5'], reversible: true }],
  verification: 'readBack',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  keepsTime: false,
  maxLatenessMs: WRITE_MS,
  timeoutMs: 10_000,
  limits: { concurrency: 4_000 },
  simulated: false,
};
