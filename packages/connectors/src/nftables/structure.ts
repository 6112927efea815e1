import type { JsonSchema } from '@interdict/contract';
import { findSet } from './entry.ts';
import {
  allChains,
  type Chain,
  NEVER_SETS,
  PRIORITY,
  setsByTenant,
  setType,
  sharedChains,
  tenantChains,
} from './layout.ts';
import { type Network, networkText, widthOf } from './network.ts';
import { isSameRule, type Rule, ruleJson } from './rule.ts';
import type { ChainView, TableView } from './table-view.ts';

/** What a chain lacks. `rewrite`: rules that are not ours, or not in the order that makes them work. */
type Flaw = { readonly append: readonly Rule[] } | 'rewrite' | 'replace';

const MANNER = `filter ${PRIORITY} accept`;

const entersAsMade = (chain: Chain, view: ChainView): boolean =>
  chain.hook === view.hook && (chain.hook === undefined || view.manner === MANNER);

function findFlaw(chain: Chain, view: ChainView | undefined): Flaw | undefined {
  if (!view) return { append: chain.rules };
  if (!entersAsMade(chain, view)) return 'replace';
  const wanted = new Map(chain.rules.map((rule) => [rule.label, rule]));
  for (const [index, { label, text }] of view.rules.entries()) {
    const rule = index < chain.head ? chain.rules[index] : wanted.get(label);
    if (rule?.label !== label || !isSameRule(rule, text)) return 'rewrite';
    wanted.delete(label);
  }
  if (view.rules.length < chain.head) return 'rewrite';
  return wanted.size === 0 ? undefined : { append: [...wanted.values()] };
}

/** Rules of other sets and tenants may be missing: they have nothing to do with this one. */
function isInTheWay(chain: Chain, flaw: Flaw | undefined, needed: ReadonlySet<string>): boolean {
  if (flaw === undefined || typeof flaw === 'string') return flaw !== undefined;
  return flaw.append.some((rule) => needed.has(rule.label) || chain.rules.indexOf(rule) < chain.head);
}

/** Whether packets that an element of the set names are dropped: the chains, hooks and rules stand as made. */
export function isEnforcing(view: TableView, set: string): boolean {
  const tenant = findSet(set)?.tenant;
  if (!view.exists || view.hasFlags || !tenant || !view.sets.has(set)) return false;
  if (!NEVER_SETS.every(({ name }) => view.sets.has(name))) return false;
  const sets = setsByTenant(view.sets.keys());
  const needed = new Set([set, `from_${tenant}`, `to_${tenant}`].map((name) => `interdict ${name}`));
  const chains = [...sharedChains([...sets.keys()]), ...tenantChains(tenant, sets.get(tenant) ?? [])];
  return !chains.some((chain) => isInTheWay(chain, findFlaw(chain, view.chains.get(chain.name)), needed));
}

type Command = JsonSchema;

const chainJson = (table: string, { name, hook }: Chain): JsonSchema => ({
  family: 'inet',
  table,
  name,
  ...(hook && { type: 'filter', hook, prio: PRIORITY, policy: 'accept' }),
});

const ruleCommand = (table: string, chain: string, rule: Rule): Command => ({
  add: { rule: { family: 'inet', table, chain, comment: rule.label, expr: ruleJson(rule) } },
});

/** `create` where it was not there: should another process have made it since, the kernel refuses all of it. */
function chainCommands(
  table: string,
  chain: Chain,
  flaw: Flaw,
  isThere: boolean,
): { chain: Command[]; rules: Command[] } {
  const json = chainJson(table, chain);
  const address = { chain: { family: 'inet', table, name: chain.name } };
  const all = chain.rules.map((rule) => ruleCommand(table, chain.name, rule));
  if (flaw === 'replace')
    return { chain: [{ flush: address }, { delete: address }, { add: { chain: json } }], rules: all };
  if (flaw === 'rewrite') return { chain: [{ flush: address }], rules: all };
  const rules = flaw.append.map((rule) => ruleCommand(table, chain.name, rule));
  return { chain: isThere ? [] : [{ create: { chain: json } }], rules };
}

const elementOf = ({ address, length, version }: Network): unknown =>
  length === widthOf(version) ? address : { prefix: { addr: address, len: length } };

const isSpared = (view: TableView, never: readonly Network[]): boolean =>
  NEVER_SETS.every(({ name }) => view.sets.has(name)) &&
  view.never.size === never.length &&
  never.every((network) => view.never.has(networkText(network)));

function neverCommands(table: string, never: readonly Network[]): Command[] {
  return NEVER_SETS.flatMap(({ name, version, type }) => {
    const elem = never.filter((network) => network.version === version).map(elementOf);
    const set = { family: 'inet', table, name };
    const fill = elem.length > 0 ? [{ add: { element: { ...set, elem } } }] : [];
    return [{ add: { set: { ...set, type, flags: ['interval'] } } }, { flush: { set } }, ...fill];
  });
}

function setCommand(table: string, name: string): Command {
  const type = setType(findSet(name)?.version ?? 4);
  return { create: { set: { family: 'inet', table, name, type, flags: ['timeout'] } } };
}

/**
 * What makes the table whole again and gives it the wanted sets, in the order that one transaction needs.
 * What stands as made is left alone, and keeps its counters.
 */
export function structureCommands(
  table: string,
  view: TableView,
  wantedSets: Iterable<string>,
  never: readonly Network[],
): Command[] {
  const newSets = [...new Set(wantedSets)].filter((name) => !view.sets.has(name));
  const changes = allChains([...view.sets.keys(), ...newSets]).flatMap((chain) => {
    const there = view.chains.get(chain.name);
    const flaw = findFlaw(chain, there);
    return flaw ? [chainCommands(table, chain, flaw, there !== undefined)] : [];
  });
  const tableCommands = view.exists && !view.hasFlags ? [] : [{ add: { table: { family: 'inet', name: table } } }];
  return [
    ...tableCommands,
    ...(isSpared(view, never) ? [] : neverCommands(table, never)),
    ...newSets.map((name) => setCommand(table, name)),
    ...changes.flatMap(({ chain }) => chain),
    ...changes.flatMap(({ rules }) => rules),
  ];
}
