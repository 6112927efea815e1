import { describe } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { ConnectorTraits } from '../connector.ts';
import { describeConnector } from '../testing.ts';
import { startHttps } from './testing/openc2-product.ts';

const slpf: ConnectorTraits = {
  actions: [{ name: 'BlockIp', targetKinds: ['ip', 'cidr'], reversible: true }],
  verification: 'reported',
  idempotence: 'native',
  probe: 'none',
  seesForeign: false,
  keepsTime: true,
  maxLatenessMs: 30_000,
  timeoutMs: 10_000,
  limits: { concurrency: 64 },
  simulated: false,
};

const common = {
  reach: 'http',
  misbehaviours: ['down', 'hang', 'refuse', 'throttle', 'nonsense', 'halfAnswer', 'lostAnswer', 'late', 'hostile'],
  refusalSubcode: 403,
  tellsForeign: false,
  hasList: false,
} as const;

describe.skipIf(!requirement('nftables').ok)('before nftables', () => {
  describeConnector({
    ...common,
    name: 'openc2 over HTTPS, slpf',
    traits: slpf,
    start: async () => (await startHttps({ profile: 'slpf', filters: true }, { own: { keepsTime: true } })).product,
  });
});

const file = { name: 'BlockFile', targetKinds: ['sha256', 'sha1', 'md5'], reversible: true } as const;

describeConnector({
  ...common,
  name: 'openc2 over HTTPS, er, of the older messages',
  traits: {
    ...slpf,
    actions: [{ name: 'IsolateHost', targetKinds: ['host'], reversible: true }, file],
    keepsTime: false,
    tenants: 'one',
  },
  start: async () => {
    const front = { path: '/', mediaType: 'application/openc2-cmd+json;version=1.0' };
    const own = { messages: 'older', profileIn: 'profile' };
    return (await startHttps({ profile: 'er', profileIn: 'profile' }, { front, own })).product;
  },
});

describeConnector({
  ...common,
  name: 'openc2 over HTTPS, pf',
  traits: {
    ...slpf,
    actions: [
      ...slpf.actions,
      { name: 'BlockDomain', targetKinds: ['domain'], reversible: true },
      { name: 'BlockUrl', targetKinds: ['url'], reversible: true },
    ],
    keepsTime: false,
  },
  start: async () => (await startHttps({ profile: 'pf' })).product,
});
