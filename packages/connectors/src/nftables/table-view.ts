import { findAddressText } from './network.ts';
import { isOwnComment } from './ownership.ts';

export type Owner = 'ours' | 'foreign';

export interface ChainView {
  readonly hook: string | undefined;
  /** Type, priority and policy, in one text. */
  readonly manner: string;
  readonly rules: readonly { readonly label: string; readonly text: string }[];
}

/** Our table as nft lists it. A terse listing knows the sets and none of their elements. */
export interface TableView {
  readonly exists: boolean;
  /** Flags that we never set, as the one that puts a table to sleep. */
  readonly hasFlags: boolean;
  readonly sets: ReadonlyMap<string, ReadonlyMap<string, Owner>>;
  /** What the sets of spared addresses hold, as `networkText` writes it. */
  readonly never: ReadonlySet<string>;
  readonly chains: ReadonlyMap<string, ChainView>;
}

export const NO_TABLE: TableView = {
  exists: false,
  hasFlags: false,
  sets: new Map(),
  never: new Set(),
  chains: new Map(),
};

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (fields: Fields, key: string): string => {
  const value = fields[key];
  if (typeof value === 'string') return value;
  throw new Error(`nft listed something without the text "${key}".`);
};

/** The canonical address of a set's element, and whose it is. */
function toElement(listed: unknown): readonly [string, Owner] {
  const fields = isFields(listed) && isFields(listed.elem) ? listed.elem : { val: listed };
  const address = typeof fields.val === 'string' ? findAddressText(fields.val) : undefined;
  if (!address) throw new Error('nft listed an element that is no address.');
  return [address, isOwnComment(fields.comment) ? 'ours' : 'foreign'];
}

function elementsOf(set: string, listed: unknown): Map<string, Owner> {
  if (listed === undefined || !set.startsWith('block')) return new Map();
  if (!Array.isArray(listed)) throw new Error('nft listed a set whose elements are no list.');
  return new Map(listed.map(toElement));
}

/** The elements of one listed set. @throws {Error} where it is another set */
export function toSetElements(listed: unknown, set: string): ReadonlyMap<string, Owner> {
  if (!isFields(listed) || listed.name !== set) throw new Error('nft answered about another set.');
  return elementsOf(set, listed.elem);
}

const plainAddress = (text: unknown): string =>
  (typeof text === 'string' && findAddressText(text)) || JSON.stringify(text);

function memberText(listed: unknown): string {
  const prefix = isFields(listed) && isFields(listed.prefix) ? listed.prefix : undefined;
  return prefix ? `${plainAddress(prefix.addr)}/${String(prefix.len)}` : plainAddress(listed);
}

interface Draft {
  exists: boolean;
  hasFlags: boolean;
  readonly sets: Map<string, ReadonlyMap<string, Owner>>;
  readonly never: Set<string>;
  readonly chains: Map<string, { hook: string | undefined; manner: string; rules: { label: string; text: string }[] }>;
}

function addRule(draft: Draft, rule: Fields): void {
  const chain = draft.chains.get(textOf(rule, 'chain'));
  if (!chain) throw new Error('nft listed a rule before its chain.');
  const label = typeof rule.comment === 'string' ? rule.comment : '';
  chain.rules.push({ label, text: JSON.stringify(rule.expr ?? null) });
}

function addObject(draft: Draft, kind: string, fields: Fields): void {
  if (kind === 'table') {
    draft.exists = true;
    draft.hasFlags = fields.flags !== undefined;
  } else if (kind === 'set') {
    const name = textOf(fields, 'name');
    draft.sets.set(name, elementsOf(name, fields.elem));
    if (name.startsWith('never') && Array.isArray(fields.elem))
      for (const member of fields.elem) draft.never.add(memberText(member));
  } else if (kind === 'chain') {
    const hook = typeof fields.hook === 'string' ? fields.hook : undefined;
    const manner = [fields.type, fields.prio, fields.policy].join(' ');
    draft.chains.set(textOf(fields, 'name'), { hook, manner, rules: [] });
  } else if (kind === 'rule') addRule(draft, fields);
}

/** The list inside an answer of `nft -j`. @throws {Error} where it is none, or was cut */
export function parseListing(stdout: string): readonly Fields[] {
  const answer: unknown = JSON.parse(stdout);
  const list = isFields(answer) ? answer.nftables : undefined;
  if (!Array.isArray(list) || !list.every(isFields) || !isFields(list[0]?.metainfo)) {
    throw new Error('nft answered JSON that is no listing.');
  }
  return list;
}

const isOfTable = (table: string, kind: string, fields: Fields): boolean =>
  fields.family === 'inet' && (kind === 'table' ? fields.name : fields.table) === table;

/** Reads our table out of a listing of it, or of the whole ruleset. @throws {Error} where the listing is not whole */
export function parseTable(stdout: string, table: string): TableView {
  const draft: Draft = { exists: false, hasFlags: false, sets: new Map(), never: new Set(), chains: new Map() };
  for (const object of parseListing(stdout)) {
    for (const [kind, fields] of Object.entries(object)) {
      if (isFields(fields) && isOfTable(table, kind, fields)) addObject(draft, kind, fields);
    }
  }
  if (!draft.exists && draft.sets.size + draft.chains.size > 0)
    throw new Error('nft listed parts of a table that it did not name.');
  return draft;
}
