import type { Connector, Effect } from '../../connector.ts';
import { Secret } from '../../secret.ts';
import { TENANT_A, TENANT_B } from '../../testing/call-builder.ts';
import type { ConnectorUnderTest, ProductUnderTest } from '../../testing/connector-under-test.ts';
import { Gate } from '../../testing/gate.ts';
import { rpz } from '../connector.ts';
import { tenantDigest } from '../mark.ts';
import { TRAITS } from '../traits.ts';
import { type Bind, KEY_NAME, SECRET, startBind, ZONE } from './bind-product.ts';
import { areBlocked } from './dns-tools.ts';

export const own = (port: number, changes: object = {}) => ({
  server: '127.0.0.1',
  port,
  zone: ZONE,
  keyName: KEY_NAME,
  secret: new Secret(SECRET),
  ...changes,
});

const NO_FEEDS = { feeds: { holdersOf: () => Promise.reject(new Error('no feeds')) } };

export const openRpz = (port: number, changes: object = {}): Connector =>
  rpz.open({ name: 'dns', own: own(port, changes) }, NO_FEEDS);

/** The owner of an effect's first record, written by hand and not by the connector's code. */
export function ownerOf({ action, target: { kind, value } }: Pick<Effect, 'action' | 'target'>): string {
  if (kind === 'domain') return value;
  const trigger = action === 'BlockIp' ? 'rpz-ip' : 'rpz-client-ip';
  const [address = '', length = address.includes(':') ? '128' : '32'] = value.split('/');
  const groups = address.includes(':')
    ? address.replace(/::$/, ':zz').replace('::', ':zz:').split(':')
    : address.split('.');
  return `${[length, ...groups.reverse()].join('.')}.${trigger}`;
}

const ownersOf = (effect: Effect): readonly string[] =>
  effect.target.kind === 'domain' ? [ownerOf(effect), `*.${ownerOf(effect)}`] : [ownerOf(effect)];

const record = (line: string) => {
  const [name = '', , , type = '', ...data] = line.split(/\s+/);
  return { name: name.toLowerCase().replace(`.${ZONE}.`, ''), type, data: data.join(' ') };
};

const target = (kind: string, value: string) => ({ kind, value }) as Effect['target'];

/** What the zone has and a client of BIND runs into, by dig. */
async function inForce(bind: Bind, foreign: readonly Effect[]): Promise<readonly Effect[]> {
  const records = (await bind.zone()).map(record);
  const policies = new Set(records.flatMap(({ name, type, data }) => (type === 'CNAME' && data === '.' ? [name] : [])));
  const tenants = new Map([TENANT_A, TENANT_B].map((tenant) => [tenantDigest(tenant), tenant]));
  const marked = records.flatMap(({ type, data }): Effect[] => {
    const [first, tenant = '', , action = '', kind = '', value = ''] = [...data.matchAll(/"([^"]*)"/g)].map(
      ([, text]) => text,
    );
    if (type !== 'TXT' || first !== 'interdict') return [];
    return [{ tenantId: tenants.get(tenant) ?? tenant, action, target: target(kind, value) }];
  });
  const there = [...marked, ...foreign].filter((effect) => ownersOf(effect).every((owner) => policies.has(owner)));
  const domains = there.filter((effect) => effect.target.kind === 'domain');
  const blocked = await areBlocked(
    bind.port,
    domains.flatMap(({ target: { value } }) => [value, `x.${value}`.slice(-253)]),
  );
  return there.filter((effect) => {
    const index = domains.indexOf(effect);
    return index === -1 || (blocked[index * 2] && blocked[index * 2 + 1]);
  });
}

/** A signed answer of a server is not needed: who takes no key cannot sign. */
const answered = (question: Buffer, rcode: number, more = Buffer.alloc(0)): Buffer => {
  const header = Buffer.alloc(14);
  header.writeUInt16BE(12 + more.length);
  question.copy(header, 2, 2, 4);
  header.writeUInt16BE(0x8000 | rcode, 4);
  return Buffer.concat([header, more]);
};

async function* dressed(question: Buffer, body: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const header = answered(question, 0);
  header.writeUInt16BE(0xffff);
  yield header;
  yield* body;
}

function toProduct(bind: Bind, gate: Gate): ProductUnderTest {
  const foreign: Effect[] = [];
  const remove = (effect: Effect) =>
    bind.update(ownersOf(effect).map((owner) => `update delete ${owner}.${ZONE}. CNAME`));
  return {
    connect: () => openRpz(gate.port),
    secrets: [SECRET],
    inForce: () => inForce(bind, foreign),
    received: async () => gate.received,
    putForeign: async (effect) => {
      foreign.push(effect);
      await bind.update(ownersOf(effect).map((owner) => `update add ${owner}.${ZONE}. 60 CNAME .`));
    },
    lose: async (effect) => void (await remove(effect)),
    restart: () => bind.restart(),
    misbehave: (misbehaviour) => gate.misbehave(misbehaviour),
    behave: () => gate.behave(),
    stop: async () => {
      await gate.close();
      await bind.stop();
    },
  };
}

async function start(): Promise<ProductUnderTest> {
  const bind = await startBind();
  const gate = new Gate({
    product: () => ({ host: '127.0.0.1', port: bind.port }),
    refusal: () => (question) => answered(question, 5),
    nonsense: (question) => answered(question, 11),
    dressed,
  });
  await gate.open();
  return toProduct(bind, gate);
}

export const rpzUnderTest: ConnectorUnderTest = {
  name: 'rpz on BIND 9',
  traits: TRAITS,
  reach: 'network',
  misbehaviours: ['down', 'hang', 'lostAnswer', 'refuse', 'nonsense', 'halfAnswer', 'hostile', 'late'],
  refusalSubcode: 5,
  refusesWithoutWords: true,
  refusesForNow: true,
  groupsCalls: true,
  tellsForeign: true,
  hasList: true,
  start,
};
