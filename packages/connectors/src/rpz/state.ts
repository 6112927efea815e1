import { POLICIES, type RpzConfig } from './config.ts';
import { answersIn, askPrimary } from './exchange.ts';
import { type Mark, markStrings, parseMark } from './mark.ts';
import { type Entry, RESERVED } from './names.ts';
import { CLASS, type Found, OPCODE, type Outgoing, type Rr, rcodeOf, TYPE, wireName, wireText } from './wire.ts';

/** What stands in the zone for one entry. */
export interface State {
  /** The policy at each of the entry's names; `none` where the name has no records, `other` where it is no block. */
  readonly names: readonly string[];
  /** Which of the names we have put there. */
  readonly own: readonly boolean[];
  /** Digests of the tenants for whom they are there. */
  readonly tenants: readonly string[];
}

/** As of one moment. */
export interface View {
  /** The last versions that we wrote, the latest last. */
  readonly versions: readonly string[];
  readonly states: readonly State[];
}

export const NONE = 'none';
export const OTHER = 'other';
const BLOCKS: ReadonlySet<string> = new Set(Object.values(POLICIES));
export const isBlock = (name: string | undefined): boolean => name !== undefined && BLOCKS.has(name);

export const VERSIONS = `versions.${RESERVED}`;
export const versionName = (version: string): string => `v${version}.${RESERVED}`;

export const nothingFor = ({ owners }: Entry): State => ({
  names: owners.map(() => NONE),
  own: owners.map(() => false),
  tenants: [],
});

export const absolute = ({ zone }: RpzConfig, name: string): string => `${name}.${zone}`;

const NO_DATA = Buffer.alloc(0);

/** A record that a prerequisite or a deletion names. */
export const named = (config: RpzConfig, name: string, type: number, rrClass: number, data: Buffer = NO_DATA): Rr => ({
  name: absolute(config, name),
  type,
  class: rrClass,
  ttl: 0,
  data,
});

export const policyData = (policy: string): Buffer => wireName(policy === POLICIES.nxdomain ? '' : policy);
export const markData = (entry: Entry, tenant: string, own: readonly boolean[]): Buffer =>
  wireText(markStrings(entry, tenant, own));

const query = (config: RpzConfig, name: string, type: number): Outgoing => ({
  opcode: OPCODE.query,
  question: { name: absolute(config, name), type },
});

/** Asks whether a name has no records. A query would be answered by the wildcard of a domain above. */
const isFree = (config: RpzConfig, name: string): Outgoing => ({
  opcode: OPCODE.update,
  question: { name: config.zone, type: TYPE.SOA },
  prerequisites: [named(config, name, TYPE.ANY, CLASS.NONE)],
});

const questionsFor = (config: RpzConfig, { owners, mark }: Entry): readonly Outgoing[] => [
  query(config, mark, TYPE.TXT),
  ...owners.flatMap((owner) => [isFree(config, owner), query(config, owner, TYPE.CNAME)]),
];

export const blockOf = (cname: string | undefined): string =>
  cname !== undefined && BLOCKS.has(cname) ? cname : OTHER;

const marksIn = (records: readonly Found[], name: string): readonly Mark[] =>
  records.flatMap((record) => (record.name === name ? (parseMark(record.strings) ?? []) : []));

/** @param names the policies at the entry's names */
export function toState(entry: Entry, names: readonly string[], marks: readonly Mark[]): State {
  const [first] = marks;
  return {
    names,
    own: entry.owners.map((_, index) => first?.own[index] ?? false),
    tenants: marks.map(({ tenant }) => tenant),
  };
}

function readState(config: RpzConfig, entry: Entry, answers: readonly Buffer[]): State {
  const [marks = NO_DATA, ...rest] = answers;
  const names = entry.owners.map((owner, index) => {
    const [free = NO_DATA, cname = NO_DATA] = rest.slice(index * 2, index * 2 + 2);
    if (rcodeOf(free) === 0) return NONE;
    const name = absolute(config, owner);
    return blockOf(answersIn(config, cname).find((record) => record.name === name)?.cname);
  });
  return toState(entry, names, marksIn(answersIn(config, marks), absolute(config, entry.mark)));
}

/** @throws {DnsFailure} */
export async function readView(config: RpzConfig, entries: readonly Entry[], signal: AbortSignal): Promise<View> {
  const questions = entries.map((entry) => questionsFor(config, entry));
  const [versions = NO_DATA, ...answers] = await askPrimary(
    config,
    [query(config, VERSIONS, TYPE.TXT), ...questions.flat()],
    signal,
  );
  let at = 0;
  const states = entries.map((entry, index) => {
    const from = at;
    at += questions[index]?.length ?? 0;
    return readState(config, entry, answers.slice(from, at));
  });
  return { versions: versionsIn(config, answersIn(config, versions)), states };
}

export const versionsIn = (config: RpzConfig, records: readonly Found[]): readonly string[] =>
  records.find(({ name, strings }) => strings && name === absolute(config, VERSIONS))?.strings ?? [];
