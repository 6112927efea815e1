import { findSet } from './entry.ts';
import { widthOf } from './network.ts';
import type { Rule } from './rule.ts';

/** A chain as it ought to be. */
export interface Chain {
  readonly name: string;
  /** Where the kernel enters it; absent: only by a jump. */
  readonly hook?: 'input' | 'forward' | 'output';
  /** In this order: the first ones of {@link Chain.head} stand in front, the others anywhere behind. */
  readonly rules: readonly Rule[];
  readonly head: number;
}

/** Before any filter of the host (0), so that a rule that accepts standing connections does not come first. */
export const PRIORITY = -10;

export const NEVER_SETS = [
  { name: 'never4', version: 4, type: 'ipv4_addr' },
  { name: 'never6', version: 6, type: 'ipv6_addr' },
] as const;

export const setType = (version: 4 | 6): 'ipv4_addr' | 'ipv6_addr' => (version === 4 ? 'ipv4_addr' : 'ipv6_addr');

const jump = (chain: string): Rule => ({ label: `interdict ${chain}`, verdict: { jump: chain } });

const entrance = (hook: 'input' | 'forward' | 'output', notLoopback?: 'iif' | 'oif'): Chain => ({
  name: `on_${hook}`,
  hook,
  rules: [{ ...jump('judge'), ...(notLoopback && { notLoopback }) }],
  head: 1,
});

const SIDES = [
  { chain: 'sources', side: 'saddr', prefix: 'from' },
  { chain: 'destinations', side: 'daddr', prefix: 'to' },
] as const;

type Side = (typeof SIDES)[number];

/** `never` speaks for one side of a packet only: a blocked stranger stays blocked when he talks to it. */
function sideChain({ chain, side, prefix }: Side, tenants: readonly string[]): Chain {
  const spared = NEVER_SETS.map(({ name, version }): Rule => {
    const match = { version, side, length: widthOf(version), set: name };
    return { label: `interdict ${name}`, match, verdict: 'return' };
  });
  return {
    name: chain,
    rules: [...spared, ...tenants.map((tenant) => jump(`${prefix}_${tenant}`))],
    head: spared.length,
  };
}

function tenantChain({ side, prefix }: Side, tenant: string, sets: readonly string[]): Chain {
  const rules = sets.flatMap((set): Rule[] => {
    const found = findSet(set);
    if (!found) return [];
    return [
      {
        label: `interdict ${set}`,
        match: { version: found.version, side, length: found.length, set },
        verdict: 'drop',
      },
    ];
  });
  return { name: `${prefix}_${tenant}`, rules, head: 0 };
}

/** The sets of blocks among the names, by tenant. */
export function setsByTenant(names: Iterable<string>): Map<string, string[]> {
  const sets = new Map<string, string[]>();
  for (const name of names) {
    const tenant = findSet(name)?.tenant;
    if (tenant) sets.set(tenant, [...(sets.get(tenant) ?? []), name]);
  }
  return sets;
}

/** The chains that every packet passes, whoever's blocks are asked. */
export function sharedChains(tenants: readonly string[]): Chain[] {
  return [
    entrance('input', 'iif'),
    entrance('forward'),
    entrance('output', 'oif'),
    { name: 'judge', rules: SIDES.map(({ chain }) => jump(chain)), head: SIDES.length },
    ...SIDES.map((side) => sideChain(side, tenants)),
  ];
}

export const tenantChains = (tenant: string, sets: readonly string[]): Chain[] =>
  SIDES.map((side) => tenantChain(side, tenant, sets));

/** All chains of a table that holds these sets of blocks. */
export function allChains(sets: Iterable<string>): Chain[] {
  const byTenant = setsByTenant(sets);
  const own = [...byTenant].flatMap(([tenant, names]) => tenantChains(tenant, names));
  return [...sharedChains([...byTenant.keys()]), ...own];
}
