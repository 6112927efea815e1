import type { Effect } from '../../connector.ts';
import type { ConnectorPorts } from '../../connector-kind.ts';
import type { ConnectorUnderTest, Misbehaviour, ProductUnderTest } from '../../testing.ts';
import { nftables } from '../connector.ts';
import { findSet, toEntry } from '../entry.ts';
import { widthOf } from '../network.ts';
import { structureCommands } from '../structure.ts';
import { NO_TABLE } from '../table-view.ts';
import { TRAITS } from '../traits.ts';
import type { Fault, NftDouble } from './nft-double.ts';

/** This connector asks the server for nothing. */
export const NO_PORTS = {} as ConnectorPorts;

interface Listed {
  readonly set?: { readonly name: string; readonly elem?: readonly unknown[] };
}

interface Element {
  readonly val: string;
  readonly expires?: number;
}

const toGuid = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** What the table blocks, read without the connector's own reading. */
export async function blockedIn(double: NftDouble): Promise<(Effect & { readonly expires: number | undefined })[]> {
  const { code, stdout } = await double.run(
    '-j',
    '{"nftables":[{"list":{"table":{"family":"inet","name":"interdict"}}}]}',
  );
  if (code !== 0) return [];
  const { nftables: list } = JSON.parse(stdout) as { nftables: Listed[] };
  return list.flatMap(({ set }) => {
    const block = findSet(set?.name ?? '');
    if (!block || !set) return [];
    const isAddress = block.length === widthOf(block.version);
    return (set.elem ?? []).map((listed) => {
      const { val, expires } = (
        typeof listed === 'string' ? { val: listed } : (listed as { elem: Element }).elem
      ) as Element;
      const target = {
        kind: isAddress ? ('ip' as const) : ('cidr' as const),
        value: isAddress ? val : `${val}/${block.length}`,
      };
      return { tenantId: toGuid(block.tenant), action: 'BlockIp', target, expires };
    });
  });
}

async function change(double: NftDouble, commands: readonly unknown[]): Promise<void> {
  const { code, stderr } = await double.run('-j', JSON.stringify({ nftables: commands }));
  if (code !== 0) throw new Error(stderr);
}

const elementOf = (effect: Effect) => {
  const entry = toEntry(effect);
  if (typeof entry === 'string') throw new Error(entry);
  const { set: name, network } = entry;
  return { name, json: { element: { family: 'inet', table: 'interdict', name, elem: [network.address] } } };
};

/** An administrator's own element in a set of ours, which he makes where it is missing. */
export async function putForeign(double: NftDouble, effect: Effect): Promise<void> {
  const { name, json } = elementOf(effect);
  const check = await double.run('-c', '-j', JSON.stringify({ nftables: [{ add: json }] }));
  const isMade = check.code === 0;
  await change(double, [...(isMade ? [] : structureCommands('interdict', NO_TABLE, [name], [])), { add: json }]);
}

const lose = (double: NftDouble, effect: Effect): Promise<void> => change(double, [{ delete: elementOf(effect).json }]);

function toFault(misbehaviour: Misbehaviour): Fault {
  if (misbehaviour.kind === 'refuse') return { words: misbehaviour.words };
  if (misbehaviour.kind === 'throttle' || misbehaviour.kind === 'hostile') throw new Error('nft has no such manners.');
  return misbehaviour.kind;
}

function toProduct(double: NftDouble, stop: () => void): ProductUnderTest {
  return {
    connect: () => nftables.open({ name: 'edge', own: { nft: double.nft } }, NO_PORTS),
    secrets: [],
    inForce: async () => (await blockedIn(double)).map(({ expires: _, ...effect }) => effect),
    received: async () => double.runs(),
    endsAt: async ({ target }) => {
      const found = (await blockedIn(double)).find((blocked) => blocked.target.value === target.value);
      return found?.expires === undefined ? undefined : new Date(Date.now() + found.expires * 1000);
    },
    putForeign: (effect) => putForeign(double, effect),
    lose: (effect) => lose(double, effect),
    misbehave: (misbehaviour) => double.setFault(toFault(misbehaviour)),
    behave: () => double.setFault(undefined),
    stop: async () => {
      stop();
      double.remove();
    },
  };
}

/** `start` gives a double on a table in which nothing is, and how to clear that away. */
export const nftablesUnderTest = (
  name: string,
  start: () => Promise<readonly [NftDouble, () => void]>,
): ConnectorUnderTest => ({
  name,
  traits: TRAITS,
  reach: 'machine',
  misbehaviours: ['down', 'hang', 'lostAnswer', 'refuse', 'nonsense', 'halfAnswer', 'late'],
  tellsForeign: true,
  hasList: true,
  start: async () => toProduct(...(await start())),
});
