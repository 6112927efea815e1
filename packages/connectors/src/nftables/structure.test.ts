import { describe, expect, test } from 'vitest';
import { setName } from './entry.ts';
import { allChains, NEVER_SETS } from './layout.ts';
import { findNetwork, type Network } from './network.ts';
import { ruleJson } from './rule.ts';
import { isEnforcing, structureCommands } from './structure.ts';
import { NO_TABLE, parseTable, type TableView } from './table-view.ts';

const A = '1'.repeat(32);
const B = '2'.repeat(32);
const SETS = [setName(A, 4, 32), setName(A, 4, 24), setName(B, 6, 64)];
const NEVER = ['10.0.0.0/8', '2001:db8::1']
  .map((text) => findNetwork(text))
  .filter((network): network is Network => !!network);

interface ListedChain {
  name: string;
  hook?: string;
  prio?: number;
  policy?: string;
  type?: string;
}

/** What nft would list of a table that stands as made, after a change to it. */
function asMade(
  change: (chains: (ListedChain & { rules: { comment: string; expr: unknown }[] })[]) => void = () => undefined,
): TableView {
  const chains = allChains(SETS).map(({ name, hook, rules }) => ({
    name,
    ...(hook && { type: 'filter', hook, prio: -10, policy: 'accept' }),
    rules: rules.map((rule) => ({ comment: rule.label, expr: ruleJson(rule) })),
  }));
  change(chains);
  const inTable = { family: 'inet', table: 'interdict' };
  const never = { never4: [{ prefix: { addr: '10.0.0.0', len: 8 } }], never6: ['2001:db8::1'] };
  return parseTable(
    JSON.stringify({
      nftables: [
        { metainfo: {} },
        { table: { family: 'inet', name: 'interdict' } },
        ...NEVER_SETS.map(({ name }) => ({ set: { ...inTable, name, elem: never[name] } })),
        ...SETS.map((name) => ({ set: { ...inTable, name } })),
        ...chains.map(({ rules: _, ...chain }) => ({ chain: { ...inTable, ...chain } })),
        ...chains.flatMap(({ name, rules }) => rules.map((rule) => ({ rule: { ...inTable, chain: name, ...rule } }))),
      ],
    }),
    'interdict',
  );
}

const verbs = (commands: readonly object[]): string[] =>
  commands.map((command) => {
    const [[verb, object] = ['', {}]] = Object.entries(command) as [string, object][];
    const [[kind, fields] = ['', {}]] = Object.entries(object) as [string, { name?: string; chain?: string }][];
    return `${verb} ${kind} ${fields.chain ?? fields.name}`;
  });

test('a table that stands as made needs nothing', () => {
  expect(structureCommands('interdict', asMade(), SETS, NEVER)).toEqual([]);
  for (const set of SETS) expect(isEnforcing(asMade(), set)).toBe(true);
});

test('a new set is added with its rules, and nothing else is touched', () => {
  const [set, other] = [setName(A, 4, 16), setName(B, 4, 32)];
  expect(verbs(structureCommands('interdict', asMade(), [set, other], NEVER))).toEqual([
    `create set ${set}`,
    `create set ${other}`,
    `add rule from_${A}`,
    `add rule to_${A}`,
    `add rule from_${B}`,
    `add rule to_${B}`,
  ]);
});

test("a new tenant's chains come before the jumps to them", () => {
  const tenant = '3'.repeat(32);
  const set = setName(tenant, 4, 32);
  expect(verbs(structureCommands('interdict', asMade(), [set], NEVER))).toEqual([
    `create set ${set}`,
    `create chain from_${tenant}`,
    `create chain to_${tenant}`,
    'add rule sources',
    'add rule destinations',
    `add rule from_${tenant}`,
    `add rule to_${tenant}`,
  ]);
});

test('where nothing is, everything is made', () => {
  const made = verbs(structureCommands('interdict', NO_TABLE, [SETS[0] ?? ''], []));
  expect(made[0]).toBe('add table interdict');
  expect(made.filter((line) => line.startsWith('create chain'))).toHaveLength(8);
  expect(made).not.toContain('add element never4');
});

test('a `never` that is not what is configured is put right', () => {
  expect(verbs(structureCommands('interdict', asMade(), [], []))).toEqual([
    'add set never4',
    'flush set never4',
    'add set never6',
    'flush set never6',
  ]);
});

type Chains = Parameters<Parameters<typeof asMade>[0] & object>[0];
const chain = (chains: Chains, name: string) => {
  const found = chains.find((each) => each.name === name);
  if (!found) throw new Error(name);
  return found;
};
const ACCEPT = { comment: '', expr: [{ accept: null }] };

describe('rules that do not drop are seen, and made again', () => {
  test.each<[string, (chains: Chains) => void, string]>([
    ['a rule in front', (chains) => chain(chains, 'judge').rules.unshift(ACCEPT), 'flush chain judge'],
    ['a rule between', (chains) => chain(chains, 'sources').rules.splice(2, 0, ACCEPT), 'flush chain sources'],
    [
      'a rule in a tenant’s chain',
      (chains) => chain(chains, `from_${A}`).rules.unshift(ACCEPT),
      `flush chain from_${A}`,
    ],
    ['an empty chain', (chains) => chain(chains, 'on_forward').rules.splice(0), 'flush chain on_forward'],
    ['spared ones behind', (chains) => chain(chains, 'sources').rules.reverse(), 'flush chain sources'],
    ['no jump', (chains) => chain(chains, 'sources').rules.splice(2, 1), 'add rule sources'],
    ['no drop', (chains) => chain(chains, `to_${A}`).rules.splice(0, 1), `add rule to_${A}`],
    [
      'another verdict',
      (chains) => Object.assign(chain(chains, `to_${A}`).rules[0] ?? {}, { expr: [{ accept: null }] }),
      `flush chain to_${A}`,
    ],
    [
      'another hook',
      (chains) => Object.assign(chain(chains, 'on_forward'), { hook: 'input' }),
      'delete chain on_forward',
    ],
    ['another priority', (chains) => Object.assign(chain(chains, 'on_input'), { prio: 10 }), 'delete chain on_input'],
    ['a chain missing', (chains) => chains.splice(2, 1), 'create chain on_output'],
  ])('%s', (_, change, command) => {
    const view = asMade(change);
    expect(isEnforcing(view, SETS[0] ?? '')).toBe(false);
    expect(verbs(structureCommands('interdict', view, [], NEVER))).toContain(command);
  });

  test('a table with flags is asleep, and is woken', () => {
    const view = { ...asMade(), hasFlags: true };
    expect(isEnforcing(view, SETS[0] ?? '')).toBe(false);
    expect(verbs(structureCommands('interdict', view, [], NEVER))).toEqual(['add table interdict']);
  });

  test("what is missing for another set or tenant does not make one's own absent", () => {
    const view = asMade((chains) => {
      chain(chains, 'sources').rules.pop();
      chain(chains, `from_${A}`).rules.pop();
    });
    expect(SETS.map((set) => isEnforcing(view, set))).toEqual([true, false, false]);
  });
});
