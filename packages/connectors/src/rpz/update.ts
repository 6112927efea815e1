import { POLICIES, type RpzConfig } from './config.ts';
import type { Entry } from './names.ts';
import { isBlock, markData, NONE, named, OTHER, policyData, type State, VERSIONS, versionName } from './state.ts';
import { CLASS, OPCODE, type Outgoing, type Rr, TYPE, wireText } from './wire.ts';

/** A resolver that is behind by no more finds its version still. */
const MOST_VERSIONS = 16;

/** Puts what is missing; undefined where something of an administrator's that is no block stands in the way. */
export function withTenant(config: RpzConfig, state: State, tenant: string): State | undefined {
  if (state.names.some((name, index) => name === OTHER && !state.own[index])) return undefined;
  const own = state.names.map((name, index) => name === NONE || state.own[index] === true);
  if (!own.includes(true)) return state;
  const names = state.names.map((name, index) => (own[index] ? POLICIES[config.policy] : name));
  return { names, own, tenants: [...new Set([...state.tenants, tenant])].sort() };
}

/** Takes away what is ours once nobody wants it any more. What an administrator has put in its place stays. */
export function withoutTenant(state: State, tenant: string): State {
  const tenants = state.tenants.filter((each) => each !== tenant);
  if (tenants.length === state.tenants.length || tenants.length > 0) return { ...state, tenants };
  const names = state.names.map((name, index) => (state.own[index] && isBlock(name) ? NONE : name));
  return { names, own: state.own.map(() => false), tenants };
}

export interface Step {
  readonly entry: Entry;
  readonly before: State;
  readonly after: State;
}

interface Parts {
  readonly prerequisites: Rr[];
  readonly updates: Rr[];
}

const added = (config: RpzConfig, rr: Rr): Rr => ({ ...rr, class: CLASS.IN, ttl: config.ttl });

function changeName(config: RpzConfig, owner: string, before: string, after: string, parts: Parts): void {
  if (before === after) return;
  const record = (rrClass: number, policy?: string): Rr =>
    named(config, owner, TYPE.CNAME, rrClass, policy === undefined ? undefined : policyData(policy));
  if (before === NONE) parts.prerequisites.push(named(config, owner, TYPE.ANY, CLASS.NONE));
  else if (isBlock(before)) parts.updates.push(record(CLASS.NONE, before));
  else parts.updates.push(record(CLASS.ANY));
  if (after !== NONE) parts.updates.push(added(config, record(CLASS.IN, after)));
}

const marksOf = ({ tenants, own }: State): string => `${tenants.join()} ${own.join()}`;

/** The mark as it was is a condition: of two who change it at once, one reads again. */
function changeMark(config: RpzConfig, { entry, before, after }: Step, parts: Parts): void {
  const mark = (rrClass: number, data?: Buffer): Rr => named(config, entry.mark, TYPE.TXT, rrClass, data);
  const each = ({ tenants, own }: State): readonly Rr[] =>
    tenants.map((tenant) => mark(CLASS.IN, markData(entry, tenant, own)));
  parts.prerequisites.push(...(before.tenants.length === 0 ? [mark(CLASS.NONE)] : each(before)));
  if (marksOf(before) === marksOf(after)) return;
  if (before.tenants.length > 0) parts.updates.push(mark(CLASS.ANY));
  parts.updates.push(...each(after).map((rr) => added(config, rr)));
}

export const isChange = ({ before, after }: Step): boolean =>
  marksOf(before) !== marksOf(after) || before.names.join() !== after.names.join();

/** Later than any other that was ever written to the zone, by any process. */
export const nextVersion = (versions: readonly string[]): string =>
  Math.max(Date.now(), Number.parseInt(versions.at(-1) ?? '0', 16) + 1).toString(16);

function changeVersion(config: RpzConfig, versions: readonly string[], next: string, parts: Parts): readonly string[] {
  const kept = [...versions, next].slice(-MOST_VERSIONS);
  const list = (rrClass: number, strings?: readonly string[]): Rr =>
    named(config, VERSIONS, TYPE.TXT, rrClass, strings && wireText(strings));
  const one = (version: string, rrClass: number, data?: Buffer): Rr =>
    named(config, versionName(version), TYPE.TXT, rrClass, data);
  parts.prerequisites.push(versions.length === 0 ? list(CLASS.NONE) : list(CLASS.IN, versions));
  const dropped = versions.filter((version) => !kept.includes(version));
  parts.updates.push(
    list(CLASS.ANY),
    added(config, list(CLASS.IN, kept)),
    added(config, one(next, CLASS.IN, wireText([next]))),
    ...dropped.map((version) => one(version, CLASS.ANY)),
  );
  return kept;
}

export interface Update {
  readonly message: Outgoing;
  /** The versions that stand in the zone once it is taken. */
  readonly versions: readonly string[];
}

/** One UPDATE: all of it or nothing, and nothing where the zone is not as it was seen. */
export function toUpdate(config: RpzConfig, versions: readonly string[], steps: readonly Step[]): Update {
  const parts: Parts = { prerequisites: [], updates: [] };
  const kept = changeVersion(config, versions, nextVersion(versions), parts);
  for (const step of steps) {
    for (const [index, owner] of step.entry.owners.entries()) {
      changeName(config, owner, step.before.names[index] ?? NONE, step.after.names[index] ?? NONE, parts);
    }
    changeMark(config, step, parts);
  }
  return {
    message: { opcode: OPCODE.update, question: { name: config.zone, type: TYPE.SOA }, ...parts },
    versions: kept,
  };
}
