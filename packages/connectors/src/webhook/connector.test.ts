import type { ConnectorTraits } from '../connector.ts';
import { Secret } from '../secret.ts';
import { describeConnector } from '../testing.ts';
import { webhook } from './connector.ts';
import { ReceiverDouble } from './testing/receiver-double.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const KEY = Buffer.from(SECRET.slice(6), 'base64');

const ports = { feeds: { holdersOf: () => Promise.reject(new Error('A webhook has no feeds.')) } };

const open = (url: string, verify: boolean) =>
  webhook.open({ name: 'edge', own: { url, secret: new Secret(SECRET), verify, allowPrivate: true } }, ports);

const reported: ConnectorTraits = {
  actions: [
    { name: 'BlockIp', targetKinds: ['ip', 'cidr'], reversible: true },
    { name: 'BlockDomain', targetKinds: ['domain'], reversible: true },
    { name: 'BlockUrl', targetKinds: ['url'], reversible: true },
    { name: 'BlockFile', targetKinds: ['sha256', 'sha1', 'md5'], reversible: true },
    { name: 'IsolateHost', targetKinds: ['host'], reversible: true },
    { name: 'DisableUser', targetKinds: ['user'], reversible: true },
  ],
  verification: 'reported',
  idempotence: 'native',
  probe: 'none',
  seesForeign: false,
  keepsTime: true,
  maxLatenessMs: 30_000,
  timeoutMs: 10_000,
  limits: { concurrency: 16 },
  simulated: false,
};

for (const verify of [false, true]) {
  describeConnector({
    name: verify ? 'webhook that reads back' : 'webhook',
    traits: verify ? { ...reported, verification: 'readBack', probe: 'byTarget', seesForeign: true } : reported,
    reach: 'http',
    misbehaviours: ['down', 'hang', 'refuse', 'throttle', 'nonsense', 'halfAnswer', 'lostAnswer', 'late', 'hostile'],
    refusalSubcode: 422,
    tellsForeign: false,
    hasList: false,
    start: async () => {
      const double = new ReceiverDouble(KEY);
      await double.listen();
      return double.underTest(() => open(double.url, verify), [SECRET, SECRET.slice(6), KEY.toString('latin1')]);
    },
  });
}
