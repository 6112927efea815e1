import { setImmediate as turn } from 'node:timers/promises';
import type { FeedMarkRow } from '../store/queries.ts';
import { queries } from '../store/queries.ts';
import type { FeedFetchRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { type Decision, toDecisionList, toDeltaBody } from './decision-body.ts';
import { type ListDelta, toChange, toLetGo, toWhole, wholeAtOf } from './decision-delta.ts';
import type { GotVersion, LetGo } from './feed-fetches.ts';
import { isNetwork, pulledVersion } from './pulled-version.ts';

/** The list of a provider that a bouncer pulls, and the fetch that was noted for it. */
export interface Pulled {
  readonly provider: string;
  readonly fetchId: string;
}

export interface Pull {
  readonly tenantId: string;
  readonly key: string;
  readonly lists: readonly Pulled[];
  /** The bouncer has just begun, and knows nothing. */
  readonly isStartup: boolean;
  /** It blocks whole networks, and is told them. */
  readonly networks: boolean;
}

export interface PullAnswer {
  readonly body: Buffer;
  /** By provider. */
  readonly got: ReadonlyMap<string, GotVersion>;
  /** Lists that the key opens no more. */
  readonly letGo: readonly LetGo[];
}

/** What fills the lists that bouncers pull. */
export const PULLED_ACTION = 'BlockIp';
export const PULLED_LIST = 'ip';

/** ipset forgets after 24 days whatever it was told: everything is told again before. */
const WHOLE_EVERY_MS = 10 * 86_400_000;

interface DecisionsDeps {
  readonly store: Store;
  readonly clock: { now(): number };
}

async function readMarks(
  { store }: DecisionsDeps,
  tenantId: string,
  provider: string,
): Promise<{ readonly marks: readonly FeedMarkRow[]; readonly sequence: number }> {
  const { rows, sequence } = await store.scan(tenantId, [
    (last: FeedMarkRow | undefined, limit: number) =>
      queries.feedMarks({ provider, action: PULLED_ACTION, after: last?.target ?? '', limit }),
  ]);
  return { marks: rows[0], sequence };
}

/** Journal entries a query, and behind how many the list is read instead. */
const ENTRIES_A_READ = 500;
const FARTHEST = 50_000;

/** The sequence of now, where the list is as the only fetch that stands has shown it; else undefined. */
async function sequenceIfSame(
  { store }: DecisionsDeps,
  tenantId: string,
  provider: string,
  fetches: readonly FeedFetchRow[],
): Promise<number | undefined> {
  const [only, ...more] = fetches;
  if (only?.state !== 'got' || only.sequence === null || more.length > 0) return undefined;
  const { sequence } = await store.tenant(tenantId);
  if (sequence - only.sequence > FARTHEST) return undefined;
  for (let after = only.sequence; after < sequence; after += ENTRIES_A_READ) {
    const until = Math.min(after + ENTRIES_A_READ, sequence);
    const changes = await store.read(tenantId, queries.feedChange({ provider, action: PULLED_ACTION, after, until }));
    if (changes.length > 0) return undefined;
  }
  return Math.max(sequence, only.sequence);
}

interface ListAnswer {
  readonly provider: string;
  readonly delta: ListDelta;
  readonly got: GotVersion;
}

const NOTHING: ListDelta = { listed: new Set(), added: [], gone: new Set() };

interface ListPull {
  readonly provider: string;
  /** What the key had of it before. */
  readonly fetches: readonly FeedFetchRow[];
  /** Of several lists each is read whole: what is gone from one may stand on another. */
  readonly isAlone: boolean;
}

async function answerOf(deps: DecisionsDeps, pull: Pull, list: ListPull): Promise<ListAnswer> {
  const { tenantId, networks } = pull;
  const { provider, fetches, isAlone } = list;
  const known = { fetches, networks };
  const now = deps.clock.now();
  const wholeAt = wholeAtOf(known);
  const isWhole = pull.isStartup || wholeAt === undefined || now - wholeAt > WHOLE_EVERY_MS;
  const version = pulledVersion({ wholeAt: isWhole ? now : (wholeAt ?? now), networks });
  const same = isWhole || !isAlone ? undefined : await sequenceIfSame(deps, tenantId, provider, fetches);
  if (same !== undefined) return { provider, delta: NOTHING, got: { sequence: same, version } };
  const { marks, sequence } = await readMarks(deps, tenantId, provider);
  return { provider, delta: isWhole ? toWhole(marks, known) : toChange(marks, known), got: { sequence, version } };
}

const toDecision =
  (provider: string, now: number) =>
  ({ target, wanted_until }: FeedMarkRow): Decision => ({
    target,
    provider,
    remainingMs: Math.max(0, (wanted_until ?? now) - now),
  });

interface Lost {
  readonly letGo: LetGo;
  readonly delta: ListDelta;
}

/** Lists that the key once opened: its bouncer keeps what it had of them until it is told. */
async function readLost(
  deps: DecisionsDeps,
  { tenantId, lists }: Pull,
  byProvider: ReadonlyMap<string, readonly FeedFetchRow[]>,
): Promise<readonly Lost[]> {
  const lost = [...byProvider].filter(([name]) => !lists.some(({ provider }) => provider === name));
  return await Promise.all(
    lost.map(async ([provider, fetches]) => {
      const { marks } = await readMarks(deps, tenantId, provider);
      return { letGo: { provider, ids: fetches.map(({ id }) => id) }, delta: toLetGo(marks, fetches) };
    }),
  );
}

interface Told {
  readonly provider: string;
  readonly delta: ListDelta;
}

/** What one of the lists has is gone for the bouncer at none. */
function goneOf(told: readonly Told[]): readonly Decision[] {
  const isListed = (target: string): boolean => told.some(({ delta }) => delta.listed.has(target));
  return told.flatMap(({ provider, delta }) =>
    [...delta.gone].filter((target) => !isListed(target)).map((target) => ({ target, provider, remainingMs: -1 })),
  );
}

/** Debian's bouncer lets go of a network's first address with the network, whoever else blocks it. It deletes first. */
function toldAgain(told: readonly Told[], gone: readonly Decision[]): readonly Decision[] {
  const networks = gone.filter(({ target }) => isNetwork(target));
  const firsts = new Set(networks.map(({ target }) => `ip:${target.slice('cidr:'.length).split('/')[0]}`));
  return [...firsts].flatMap((target) => {
    const by = told.find(({ delta }) => delta.listed.has(target));
    return by ? [{ target, provider: by.provider, remainingMs: 0 }] : [];
  });
}

/**
 * What a bouncer does not know yet, by what its key has got. The fetches must have been noted before: what is read here
 * is at least as new.
 */
export async function readDelta(deps: DecisionsDeps, pull: Pull): Promise<PullAnswer> {
  const reader = { list: PULLED_LIST, key_name: pull.key };
  const all = await deps.store.read(pull.tenantId, queries.feedFetchesOfKey(reader));
  const byProvider = Map.groupBy(all, ({ provider }) => provider);
  const lost = await readLost(deps, pull, byProvider);
  const isAlone = pull.lists.length === 1 && lost.length === 0;
  const before = ({ provider, fetchId }: Pulled) => (byProvider.get(provider) ?? []).filter(({ id }) => id !== fetchId);
  const answers = await Promise.all(
    pull.lists.map((list) => answerOf(deps, pull, { provider: list.provider, fetches: before(list), isAlone })),
  );
  const now = deps.clock.now();
  const added = answers.flatMap(({ provider, delta }) => delta.added.map(toDecision(provider, now)));
  const told = [...answers, ...lost.map(({ letGo, delta }) => ({ provider: letGo.provider, delta }))];
  const gone = goneOf(told);
  return {
    body: await toDeltaBody([...added, ...toldAgain(told, gone)], gone),
    got: new Map(answers.map(({ provider, got }) => [provider, got])),
    letGo: lost.map(({ letGo }) => letGo),
  };
}

/** Two to four milliseconds of work: whoever else waits comes in between. */
const MARKS_A_TURN = 5_000;

/** All that stands on the lists of some providers. */
export async function listDecisions(
  deps: DecisionsDeps,
  tenantId: string,
  providers: readonly string[],
  isWanted: (decision: Decision) => boolean,
): Promise<Buffer> {
  const found: Decision[] = [];
  for (const provider of providers) {
    const { marks } = await readMarks(deps, tenantId, provider);
    const toOne = toDecision(provider, deps.clock.now());
    for (let from = 0; from < marks.length; from += MARKS_A_TURN) {
      const listed = marks.slice(from, from + MARKS_A_TURN).filter(({ holds }) => holds > 0);
      found.push(...listed.map(toOne).filter(isWanted));
      await turn();
    }
  }
  return await toDecisionList(found);
}
