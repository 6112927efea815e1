import path from 'node:path';
import type { Effect } from '../../connector.ts';
import type { ConnectorPorts } from '../../connector-kind.ts';
import { type ConnectorUnderTest, Gate, type Misbehaviour, type ProductUnderTest, TENANT_A } from '../../testing.ts';
import { unbound } from '../connector.ts';
import { TRAITS } from '../traits.ts';
import { startUnbound, type UnboundProduct } from './unbound-product.ts';

const isLook = (question: Buffer): boolean => question.includes('list_local_zones');

/** What goes wrong with a change: the look before it goes through, as those that come after it do not. */
const SPOILS_CHANGES: ReadonlySet<Misbehaviour['kind']> = new Set([
  'late',
  'lostAnswer',
  'halfAnswer',
  'refuse',
  'nonsense',
]);

export async function blockedIn(product: UnboundProduct): Promise<readonly Effect[]> {
  const list = await product.control('list_local_zones');
  return [...list.matchAll(/^(\S+)\. always_nxdomain$/gm)].map(([, value = '']) => ({
    tenantId: TENANT_A,
    action: 'BlockDomain',
    target: { kind: 'domain', value },
  }));
}

/** Gate between the connector and its real Unbound. */
async function start(): Promise<ProductUnderTest> {
  const product = await startUnbound();
  const socket = path.join(product.folder, 'gate.sock');
  let spoils: Misbehaviour['kind'] | undefined;
  let passed = 0;
  const gate = new Gate({
    path: socket,
    connectsLate: true,
    endsConnection: true,
    product: () => ({ path: product.socket }),
    passes: (question) => {
      if (spoils && SPOILS_CHANGES.has(spoils) && isLook(question)) {
        passed += 1;
        return true;
      }
      spoils = undefined;
      return false;
    },
    refusal: (words) => (question) => {
      const zone = question.toString().split('\n')[1] ?? '';
      return Buffer.from(
        isLook(question) ? `error ${words}\n` : `error ${words}\nerror for input line: ${zone}\nadded 0 zones\n`,
      );
    },
    nonsense: () => Buffer.from('perhaps\n'),
  });
  await gate.open();
  return {
    connect: () =>
      unbound.open({ name: 'dns', own: { socket, probe: `127.0.0.1:${product.port}` } }, {} as ConnectorPorts),
    secrets: [],
    inForce: () => blockedIn(product),
    received: async () => gate.received - passed,
    putForeign: async ({ target }) => void (await product.control('local_zone', target.value, 'always_nxdomain')),
    lose: async ({ target }) => void (await product.control('local_zone_remove', target.value)),
    restart: () => product.restart(),
    misbehave: async (misbehaviour) => {
      spoils = misbehaviour.kind;
      await gate.misbehave(misbehaviour);
    },
    behave: () => gate.behave(),
    stop: async () => {
      await gate.close();
      await product.stop();
    },
  };
}

export const UNBOUND_UNDER_TEST: ConnectorUnderTest = {
  name: 'unbound',
  traits: TRAITS,
  reach: 'network',
  misbehaviours: ['down', 'hang', 'lostAnswer', 'refuse', 'nonsense', 'halfAnswer', 'hostile', 'late'],
  forgetsOnRestart: true,
  groupsCalls: true,
  listsAllAsForeign: true,
  tellsForeign: false,
  hasList: true,
  start,
};
