import type { ConnectorTraits } from '../connector.ts';

export const TRAITS: ConnectorTraits = {
  actions: [
    { name: 'BlockDomain', targetKinds: ['domain'], reversible: true },
    { name: 'BlockUrl', targetKinds: ['url'], reversible: true },
  ],
  verification: 'readBack',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  keepsTime: false,
  // A call that is aborted while its file is written answers when that is done.
  maxLatenessMs: 0,
  timeoutMs: 10_000,
  limits: { concurrency: 4_000 },
  simulated: false,
};
