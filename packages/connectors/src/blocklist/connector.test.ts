import { describe, expect, test } from 'vitest';
import type { Call, Connector, ConnectorTraits, Effect } from '../connector.ts';
import type { FeedHolders, FeedLedger } from '../connector-kind.ts';
import { aCall, describeConnector, type Misbehaviour, SAMPLE_TARGETS, TENANT_A, TENANT_B } from '../testing.ts';
import { openBlocklist } from './connector.ts';

const traits: ConnectorTraits = {
  actions: [
    { name: 'BlockIp', targetKinds: ['ip', 'cidr'], reversible: true },
    { name: 'BlockDomain', targetKinds: ['domain'], reversible: true },
    { name: 'BlockUrl', targetKinds: ['url'], reversible: true },
    { name: 'BlockFile', targetKinds: ['sha256', 'sha1', 'md5'], reversible: true },
  ],
  verification: 'reported',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: false,
  keepsTime: false,
  maxLatenessMs: 0,
  timeoutMs: 10_000,
  limits: { concurrency: 64 },
  simulated: false,
};

const settings = { name: 'edge', own: {} };
const calm = (): AbortSignal => new AbortController().signal;
const textOf = (tenantId: string, action: string, target: string): string => `${tenantId} ${action} ${target}`;
const nameOf = ({ tenantId, action, target }: Effect): string =>
  textOf(tenantId, action, `${target.kind}:${target.value}`);

type FeedEffect = Parameters<FeedLedger['holdersOf']>[1];

/** The list that the server keeps, and one firewall that fetches it whenever it changes and the server can be reached. */
class FirewallThatFetches implements FeedLedger {
  readonly #listed = new Map<string, Effect>();
  readonly #fetched = new Map<string, Effect>();
  #misbehaviour: Misbehaviour['kind'] | undefined;
  asked = 0;

  async holdersOf(_provider: string, effect: FeedEffect): Promise<FeedHolders> {
    this.asked += 1;
    if (this.#misbehaviour === 'hang') await new Promise(() => undefined);
    this.#fetch();
    if (this.#misbehaviour !== undefined) throw new Error('The store cannot be read.');
    const name = textOf(effect.tenantId, effect.action, effect.target);
    const has = this.#fetched.has(name) ? 1 : 0;
    return { listed: this.#listed.has(name), recent: 1, recentWithEntry: has, withEntry: has, silentWithEntry: 0 };
  }

  inForce(): readonly Effect[] {
    return [...this.#fetched.values()];
  }

  lose(effect: Effect): void {
    this.#listed.delete(nameOf(effect));
    this.#fetched.delete(nameOf(effect));
  }

  misbehave(kind: Misbehaviour['kind'] | undefined): void {
    this.#misbehaviour = kind;
  }

  /** What the server does round the connector: an effect is listed from its intent on, until its release. */
  round(connector: Connector): Connector {
    let isClosed = false;
    const offers = ({ action, target }: Call): boolean =>
      connector.traits.actions.some(({ name, targetKinds }) => name === action && targetKinds.includes(target.kind));
    const mayChange = (call: Call, signal: AbortSignal): boolean =>
      !isClosed && !signal.aborted && offers(call) && this.#misbehaviour !== 'down' && this.#misbehaviour !== 'hang';
    return {
      traits: connector.traits,
      apply: async (call, signal) => {
        const { tenantId, action, target } = call;
        if (mayChange(call, signal)) this.#listed.set(nameOf(call), { tenantId, action, target });
        return connector.apply(call, signal);
      },
      release: async (call, signal) => {
        if (mayChange(call, signal)) this.#listed.delete(nameOf(call));
        return connector.release(call, signal);
      },
      verify: async (call, signal) => (await connector.verify?.(call, signal)) ?? expect.unreachable(),
      close: async () => {
        isClosed = true;
        await connector.close();
      },
    };
  }

  #fetch(): void {
    if (this.#misbehaviour === 'down') return;
    this.#fetched.clear();
    for (const [name, effect] of this.#listed) this.#fetched.set(name, effect);
  }
}

describeConnector({
  name: 'blocklist',
  traits,
  reach: 'process',
  misbehaviours: ['down', 'hang', 'lostAnswer'],
  tellsForeign: false,
  hasList: false,
  start: async () => {
    const firewall = new FirewallThatFetches();
    return {
      connect: () => firewall.round(openBlocklist(settings, firewall)),
      secrets: [],
      inForce: async () => firewall.inForce(),
      received: async () => firewall.asked,
      lose: async (effect) => firewall.lose(effect),
      misbehave: async ({ kind }) => firewall.misbehave(kind),
      behave: async () => firewall.misbehave(undefined),
      stop: async () => undefined,
    };
  },
});

const effect: Effect = {
  tenantId: TENANT_A,
  action: 'BlockIp',
  target: { kind: 'ip', value: SAMPLE_TARGETS.ip(0) },
};

/** What the connector says while its ledger says this. */
function beside(holders: FeedHolders): Connector {
  return openBlocklist(settings, { holdersOf: async () => holders });
}

describe('what the ledger of fetches means', () => {
  test.each<[string, FeedHolders, object]>([
    [
      'no firewall ever fetched',
      { listed: true, recent: 0, recentWithEntry: 0, withEntry: 0, silentWithEntry: 0 },
      { kind: 'pending', message: 'Listed; no firewall has fetched it yet.', landed: 'no' },
    ],
    [
      'all fetched before it was listed',
      { listed: true, recent: 2, recentWithEntry: 0, withEntry: 0, silentWithEntry: 0 },
      { kind: 'pending', message: 'Listed; no firewall has fetched it yet.', landed: 'no' },
    ],
    [
      'one of two has it',
      { listed: true, recent: 2, recentWithEntry: 1, withEntry: 1, silentWithEntry: 0 },
      { kind: 'pending', message: '1 of 2 keys that fetched within 24 hours have it.' },
    ],
    [
      'it stands on no list',
      { listed: false, recent: 2, recentWithEntry: 0, withEntry: 0, silentWithEntry: 0 },
      { kind: 'absent' },
    ],
    [
      'both have it',
      { listed: true, recent: 2, recentWithEntry: 2, withEntry: 2, silentWithEntry: 0 },
      { kind: 'present' },
    ],
    [
      'one has it, another is silent for a day',
      { listed: true, recent: 1, recentWithEntry: 1, withEntry: 1, silentWithEntry: 0 },
      { kind: 'present' },
    ],
    [
      'only one that is silent for a day has it',
      { listed: true, recent: 0, recentWithEntry: 0, withEntry: 1, silentWithEntry: 1 },
      { kind: 'pending', message: '0 of 0 keys that fetched within 24 hours have it.' },
    ],
  ])('in force: %s', async (_title, holders, expected) => {
    expect(await beside(holders).verify?.(aCall(effect), calm())).toMatchObject(expected);
  });

  test.each<[string, FeedHolders, object]>([
    [
      'nobody has it',
      { listed: true, recent: 1, recentWithEntry: 0, withEntry: 0, silentWithEntry: 0 },
      { kind: 'done', level: 'reported' },
    ],
    [
      'one still has it',
      { listed: true, recent: 2, recentWithEntry: 1, withEntry: 1, silentWithEntry: 0 },
      { kind: 'pending', message: '1 key may still have it.' },
    ],
    [
      'one that is silent may have it',
      { listed: true, recent: 1, recentWithEntry: 1, withEntry: 3, silentWithEntry: 2 },
      { kind: 'pending', message: '3 keys may still have it, of which 2 keys silent for 24 hours.' },
    ],
  ])('released: %s', async (_title, holders, expected) => {
    expect(await beside(holders).release(aCall(effect), calm())).toMatchObject(expected);
  });
});

test('of a firewall that fetched twice at once, with the entry and without, says neither that it has it nor that it has not', async () => {
  const one = beside({ listed: true, recent: 1, recentWithEntry: 0, withEntry: 1, silentWithEntry: 0 });
  const presence = await one.verify?.(aCall(effect), calm());
  expect(presence).toMatchObject({ kind: 'pending', message: '0 of 1 key that fetched within 24 hours have it.' });
  expect(presence).not.toHaveProperty('landed');
  expect(await one.release(aCall(effect), calm())).toMatchObject({ kind: 'pending' });
});

test('asks for exactly this effect of this tenant at this provider', async () => {
  const asked: unknown[] = [];
  const ledger: FeedLedger = {
    holdersOf: async (...question) => {
      asked.push(question);
      return { listed: true, recent: 1, recentWithEntry: 1, withEntry: 1, silentWithEntry: 0 };
    },
  };
  await openBlocklist(settings, ledger).verify?.(aCall({ ...effect, tenantId: TENANT_B }), calm());
  expect(asked).toEqual([['edge', { tenantId: TENANT_B, action: 'BlockIp', target: 'ip:198.51.100.10' }]]);
});
