import { describe } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { describeConnector } from '../testing.ts';
import { startMqtt } from './testing/mqtt-product.ts';

const isHere = requirement('nftables').ok && requirement('mosquitto').ok;

describe.skipIf(!isHere)('before a broker and nftables', () => {
  describeConnector({
    name: 'openc2 over MQTT',
    traits: {
      actions: [{ name: 'BlockIp', targetKinds: ['ip', 'cidr'], reversible: true }],
      verification: 'reported',
      idempotence: 'native',
      probe: 'none',
      seesForeign: false,
      keepsTime: false,
      maxLatenessMs: 30_000,
      timeoutMs: 10_000,
      limits: { concurrency: 64 },
      simulated: false,
    },
    reach: 'network',
    misbehaviours: ['down', 'hang', 'refuse', 'nonsense', 'halfAnswer', 'lostAnswer', 'late', 'hostile'],
    refusalSubcode: 403,
    tellsForeign: false,
    hasList: false,
    start: async () => (await startMqtt('fw1')).product,
  });
});
