import { createHash } from 'node:crypto';
import type { ConnectorTraits } from '../connector.ts';
import { type ConnectorUnderTest, describeConnector } from '../testing.ts';
import { openAt, startDefender } from './testing/defender-under-test.ts';

const traits: ConnectorTraits = {
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
  limits: { concurrency: 4_000 },
  simulated: false,
  tenants: 'one',
};

const indicators: ConnectorUnderTest = {
  name: 'defender',
  traits,
  reach: 'http',
  misbehaviours: ['down', 'hang', 'refuse', 'throttle', 'nonsense', 'halfAnswer', 'lostAnswer', 'late', 'hostile'],
  groupsCalls: true,
  tellsForeign: true,
  hasList: true,
  targets: { host: (index) => createHash('sha1').update(`device ${index}`).digest('hex') },
  start: () => startDefender({}),
};

describeConnector(indicators);

/** The same connector, of which an action on a device stands for all: it is not told the end. */
const ofDevices: ConnectorTraits = {
  ...traits,
  actions: traits.actions.filter(({ targetKinds }) => targetKinds.includes('host')),
  keepsTime: false,
};
const { groupsCalls: _, ...single } = indicators;

describeConnector({
  ...single,
  name: 'defender on devices',
  traits: ofDevices,
  refusalSubcode: 400,
  // 120 devices in a row are more than its API takes in a minute.
  start: () => startDefender({ isUnlimited: true }, (double) => ({ ...openAt(double), traits: ofDevices })),
});
