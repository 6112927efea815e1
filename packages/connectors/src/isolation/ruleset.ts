import type { JsonSchema } from '@interdict/contract';
import { ownComment } from '../nftables/ownership.ts';
import type { Settings } from './config.ts';

type Json = JsonSchema;
type Side = 'saddr' | 'daddr';

/** Before the host's own filters, and before those of the connector `nftables`. */
const PRIORITY = -20;
const ISOLATED = 'isolated';
const VERSIONS = [4, 6] as const;

const match = (left: Json, right: unknown): Json => ({ match: { op: '==', left, right } });
const ACCEPT: Json = { accept: null };

const fieldOf = (version: 4 | 6, side: Side): Json => ({
  payload: { protocol: version === 4 ? 'ip' : 'ip6', field: side },
});

const toServer = (version: 4 | 6, side: Side): Json => ({
  concat: [fieldOf(version, side), { payload: { protocol: 'tcp', field: side === 'saddr' ? 'sport' : 'dport' } }],
});

const ofIcmp = (protocol: 'icmp' | 'icmpv6', type: unknown): Json =>
  match({ payload: { protocol, field: 'type' } }, type);

const NEIGHBOURS = ['nd-neighbor-solicit', 'nd-neighbor-advert'];

/**
 * Without which the channel does not stand: neighbour discovery, and the word that a packet is too big for the way. In the
 * order in which nft lists them.
 */
const CONTROL = {
  saddr: [
    [ofIcmp('icmp', 'destination-unreachable'), ACCEPT],
    [ofIcmp('icmpv6', { set: ['packet-too-big', 'nd-router-advert', ...NEIGHBOURS] }), ACCEPT],
  ],
  daddr: [[ofIcmp('icmpv6', { set: ['nd-router-solicit', ...NEIGHBOURS] }), ACCEPT]],
} as const;

const DROP: readonly Json[] = [match({ meta: { key: 'protocol' } }, `@${ISOLATED}`), { drop: null }];

/** What a host may still do while it is isolated, and the end of everything else. */
const endpointRules = (device: 'iif' | 'oif', side: Side): readonly (readonly Json[])[] => [
  [match({ meta: { key: device } }, 'lo'), ACCEPT],
  ...VERSIONS.map((version) => [match(toServer(version, side), `@server${version}`), ACCEPT]),
  ...VERSIONS.map((version) => [match(fieldOf(version, side), `@allow${version}`), ACCEPT]),
  ...CONTROL[side],
  DROP,
];

interface Chain {
  readonly name: string;
  readonly hook: string;
  readonly rules: readonly (readonly Json[])[];
}

const CHAINS: readonly Chain[] = [
  { name: 'on_input', hook: 'input', rules: endpointRules('iif', 'saddr') },
  { name: 'on_output', hook: 'output', rules: endpointRules('oif', 'daddr') },
  { name: 'on_forward', hook: 'forward', rules: [DROP] },
];

const manner = ({ hook }: Chain): Json => ({ type: 'filter', hook, prio: PRIORITY, policy: 'accept' });

const networkJson = ({ address, length, version }: Settings['allow'][number]): unknown =>
  length === (version === 4 ? 32 : 128) ? address : { prefix: { addr: address, len: length } };

interface SetOf {
  readonly name: string;
  readonly json: Json;
  readonly elements: readonly unknown[];
}

/** The sets that say what stays open. */
function openSets({ server, allow }: Settings): readonly SetOf[] {
  return VERSIONS.flatMap((version) => {
    const type = version === 4 ? 'ipv4_addr' : 'ipv6_addr';
    const ends = server.filter(({ network }) => network.version === version);
    const nets = allow.filter((network) => network.version === version);
    return [
      {
        name: `server${version}`,
        json: { type: [type, 'inet_service'] },
        elements: ends.map(({ network, port }) => ({ concat: [network.address, port] })),
      },
      { name: `allow${version}`, json: { type, flags: ['interval'] }, elements: nets.map(networkJson) },
    ];
  });
}

const inTable = (table: string, name: string): Json => ({ family: 'inet', table, name });

const elementsOf = (table: string, seconds: number, operationId: string): Json => ({
  element: {
    ...inTable(table, ISOLATED),
    elem: ['ip', 'ip6'].map((val) => ({ elem: { val, timeout: seconds, comment: ownComment(operationId) } })),
  },
});

const bare = (table: string): Json => ({ element: { ...inTable(table, ISOLATED), elem: ['ip', 'ip6'] } });

/** All that the table consists of, made anew in one transaction: what was changed in it is mended, and nothing is open meanwhile. */
function structure(settings: Settings): readonly Json[] {
  const { table } = settings;
  const sets = openSets(settings);
  return [
    { add: { table: { family: 'inet', name: table } } },
    { add: { set: { ...inTable(table, ISOLATED), type: 'ether_type', flags: ['timeout'] } } },
    ...sets.map(({ name, json }) => ({ add: { set: { ...inTable(table, name), ...json } } })),
    ...sets.map(({ name }) => ({ flush: { set: inTable(table, name) } })),
    ...sets
      .filter(({ elements }) => elements.length > 0)
      .map(({ name, elements }) => ({ add: { element: { ...inTable(table, name), elem: elements } } })),
    ...CHAINS.map((chain) => ({ add: { chain: { ...inTable(table, chain.name), ...manner(chain) } } })),
    ...CHAINS.map(({ name }) => ({ flush: { chain: inTable(table, name) } })),
    ...CHAINS.flatMap(({ name, rules }) =>
      rules.map((expr) => ({ add: { rule: { family: 'inet', table, chain: name, comment: 'interdict', expr } } })),
    ),
  ];
}

/** Isolates, or moves the end: an element that is there is taken out and put in, as older kernels keep its time. */
export const isolateCommands = (settings: Settings, seconds: number, operationId: string): readonly Json[] => [
  ...structure(settings),
  { add: elementsOf(settings.table, seconds, operationId) },
  { delete: bare(settings.table) },
  { add: elementsOf(settings.table, seconds, operationId) },
];

/** What is not there is added first: to delete it alone would fail. */
export const releaseCommands = ({ table }: Settings): readonly Json[] => [
  { add: bare(table) },
  { delete: bare(table) },
];

/** Whether a listing of the table has every chain and rule that the isolation consists of, and nothing before them. */
export function stands(settings: Settings, listed: readonly Readonly<Record<string, Json>>[]): boolean {
  const all = (kind: string): readonly Json[] => listed.flatMap((each) => (each[kind] ? [each[kind]] : []));
  const [table] = all('table');
  if (!table || table.flags !== undefined) return false;
  const hasSets = openSets(settings).every(({ name, elements }) => {
    const set = all('set').find((each) => each.name === name);
    return set !== undefined && sameMembers(set.elem, elements);
  });
  return hasSets && CHAINS.every((chain) => chainStands(chain, all('chain'), all('rule')));
}

const text = (value: unknown): string => JSON.stringify(value);

function sameMembers(listed: unknown, wanted: readonly unknown[]): boolean {
  const found = Array.isArray(listed) ? listed.map(text) : [];
  return text(found.toSorted()) === text(wanted.map(text).toSorted());
}

function chainStands(chain: Chain, chains: readonly Json[], rules: readonly Json[]): boolean {
  const found = chains.find(({ name }) => name === chain.name);
  const mine = rules.filter((rule) => rule.chain === chain.name).map(({ expr }) => expr);
  return (
    found !== undefined &&
    Object.entries(manner(chain)).every(([key, value]) => found[key] === value) &&
    text(mine) === text(chain.rules)
  );
}

/** Comments of the elements that isolate: two where it is in force for both versions of IP. */
export function isolatedBy(listed: readonly Readonly<Record<string, Json>>[]): readonly unknown[] {
  const set = listed.map((each) => each.set).find((each) => each?.name === ISOLATED);
  const elements = Array.isArray(set?.elem) ? (set.elem as readonly (string | { readonly elem?: Json })[]) : [];
  return elements.map((each) => (typeof each === 'string' ? undefined : each.elem?.comment));
}
