import type { ConnectorTraits } from '../connector.ts';

export const TRAITS: ConnectorTraits = {
  actions: [
    { name: 'BlockIp', targetKinds: ['ip'], reversible: true },
    { name: 'BlockDomain', targetKinds: ['domain'], reversible: true },
    { name: 'BlockUrl', targetKinds: ['url'], reversible: true },
    { name: 'BlockFile', targetKinds: ['sha256', 'sha1', 'md5'], reversible: true },
    { name: 'IsolateHost', targetKinds: ['host'], reversible: true },
    { name: 'RestrictCodeExecution', targetKinds: ['host'], reversible: true },
    { name: 'RunAntiVirusScan', targetKinds: ['host'], reversible: false },
    { name: 'RunFullAntiVirusScan', targetKinds: ['host'], reversible: false },
    { name: 'CollectInvestigationPackage', targetKinds: ['host'], reversible: false },
  ],
  verification: 'readBack',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  keepsTime: true,
  maxLatenessMs: 30_000,
  timeoutMs: 60_000,
  // No perMinute: that of Defender counts requests, of which hundreds of calls share one. It says 429 by itself.
  limits: { concurrency: 4_000 },
  simulated: false,
  tenants: 'one',
};
