import type { ConnectorAction, ConnectorTraits } from '../connector.ts';
import type { MapKind } from './config.ts';

const ACTIONS: Readonly<Record<MapKind, ConnectorAction>> = {
  ip: { name: 'BlockIp', targetKinds: ['ip', 'cidr'], reversible: true },
  domain: { name: 'BlockDomain', targetKinds: ['domain'], reversible: true },
  url: { name: 'BlockUrl', targetKinds: ['url'], reversible: true },
};

/** What a command that was given up may still do: HAProxy carries it out in the turn in which it has read it. */
const LATENESS_MS = 1_000;

export const toTraits = (kinds: readonly MapKind[]): ConnectorTraits => ({
  actions: kinds.map((kind) => ACTIONS[kind]),
  verification: 'readBack',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  keepsTime: false,
  maxLatenessMs: LATENESS_MS,
  timeoutMs: 10_000,
  limits: { concurrency: 4_000 },
  simulated: false,
});
