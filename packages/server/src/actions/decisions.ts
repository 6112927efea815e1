import type { FeedMarkRow, FeedReader } from '../store/queries.ts';
import { queries } from '../store/queries.ts';
import type { FeedFetchRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { type Decision, toDecisionList, toDeltaBody } from './decision-body.ts';
import { type ListDelta, pulledVersion, toChange, toWhole, wholeAtOf } from './decision-delta.ts';
import type { GotVersion } from './feed-fetches.ts';

/** Which of a key's entries a bouncer asks for. */
export interface DecisionFilter {
  isWanted(decision: Decision): boolean;
  /** Whether it leaves nothing out. */
  readonly isAll: boolean;
}

/** The list of a provider that a bouncer pulls, and the fetch that was noted for it; none where it asks for a part. */
export interface Pulled {
  readonly provider: string;
  readonly fetchId: string | undefined;
}

export interface Pull {
  readonly tenantId: string;
  readonly key: string;
  readonly lists: readonly Pulled[];
  /** The bouncer has just begun, and knows nothing. */
  readonly isStartup: boolean;
  readonly filter: DecisionFilter;
}

export interface PullAnswer {
  readonly body: Buffer;
  /** By provider. */
  readonly got: ReadonlyMap<string, GotVersion>;
}

/** What fills the lists that bouncers pull. */
const ACTION = 'BlockIp';
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
      queries.feedMarks({ provider, action: ACTION, after: last?.target ?? '', limit }),
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
    const changes = await store.read(tenantId, queries.feedChange({ provider, action: ACTION, after, until }));
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

async function answerOf(deps: DecisionsDeps, pull: Pull, { provider, fetchId }: Pulled): Promise<ListAnswer> {
  const { tenantId, key } = pull;
  const reader: FeedReader = { provider, list: PULLED_LIST, key_name: key };
  const all = fetchId === undefined ? [] : await deps.store.read(tenantId, queries.feedFetchesOf(reader));
  const fetches = all.filter(({ id }) => id !== fetchId);
  const now = deps.clock.now();
  const wholeAt = wholeAtOf(fetches);
  const isWhole = pull.isStartup || wholeAt === undefined || now - wholeAt > WHOLE_EVERY_MS;
  const version = pulledVersion(isWhole ? now : (wholeAt ?? now));
  const same = isWhole || pull.lists.length > 1 ? undefined : await sequenceIfSame(deps, tenantId, provider, fetches);
  if (same !== undefined) return { provider, delta: NOTHING, got: { sequence: same, version } };
  const { marks, sequence } = await readMarks(deps, tenantId, provider);
  return { provider, delta: isWhole ? toWhole(marks) : toChange(marks, fetches), got: { sequence, version } };
}

const toDecision =
  (provider: string, now: number) =>
  ({ target, wanted_until }: FeedMarkRow): Decision => ({
    target,
    provider,
    remainingMs: Math.max(0, (wanted_until ?? now) - now),
  });

/**
 * What a bouncer does not know yet, by what its key has got. The fetches must have been noted before: what is read here
 * is at least as new. What one of its providers lists is gone for it at none.
 */
export async function readDelta(deps: DecisionsDeps, pull: Pull): Promise<PullAnswer> {
  const answers = await Promise.all(pull.lists.map((list) => answerOf(deps, pull, list)));
  const now = deps.clock.now();
  const isListed = (target: string): boolean => answers.some(({ delta }) => delta.listed.has(target));
  const added = answers.flatMap(({ provider, delta }) => delta.added.map(toDecision(provider, now)));
  const gone = answers.flatMap(({ provider, delta }) =>
    [...delta.gone]
      .filter((target) => !isListed(target))
      .map((target): Decision => ({ target, provider, remainingMs: -1 })),
  );
  const { isWanted } = pull.filter;
  return {
    body: await toDeltaBody(added.filter(isWanted), gone.filter(isWanted)),
    got: new Map(answers.map(({ provider, got }) => [provider, got])),
  };
}

/** All that stands on the lists of some providers. */
export async function listDecisions(
  deps: DecisionsDeps,
  tenantId: string,
  providers: readonly string[],
  isWanted: (decision: Decision) => boolean,
): Promise<Buffer> {
  const lists = await Promise.all(
    providers.map(async (provider) => {
      const { marks } = await readMarks(deps, tenantId, provider);
      return marks.filter(({ holds }) => holds > 0).map(toDecision(provider, deps.clock.now()));
    }),
  );
  return await toDecisionList(lists.flat().filter(isWanted));
}
