import { findActions, findTags } from '../actions/read-actions.ts';
import { inLane, type StepLane } from '../lib/step-lane.ts';
import { beginTurns, endTurn } from '../lib/turns.ts';
import type { Expression } from '../odata/filter/expression.ts';
import { parseFilter } from '../odata/filter/parse-filter.ts';
import { queries } from '../store/queries.ts';
import type { Store } from '../store/store.ts';
import { type Created, type Judged, judge, type ToldRow } from './change-notices.ts';
import type { SubscriptionContent } from './subscription.ts';

/** Slices that a process has in memory at the same time, whosever subscriptions they are for. */
export const READ_AT_ONCE = 1;
/** Whole actions of a slice: 250 KB each are 2 MB. */
const SLICE = 8;
/** Tags cost the database the walk over the text before them. */
const SLICE_OF_TAGS = 16;
/** A request takes several turns of the event loop: it is not held up when each of them is this long. */
const TURN_MS = 2;

export interface Judging {
  readonly store: Pick<Store, 'read' | 'clock'>;
  readonly lane: StepLane;
  readonly tenantId: string;
}

type Look = (ids: readonly string[]) => Promise<readonly (readonly [string, Judged])[]>;

/** Without a filter nothing of an action is told but its tag. */
const lookAtTags =
  ({ store, tenantId }: Judging): Look =>
  async (ids) =>
    [...(await findTags(store, tenantId, ids))].map(([id, tag]) => [id, { tag, passes: true, passedNew: true }]);

async function findCreated(
  { store, tenantId }: Judging,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Created>> {
  const found = await Promise.all(ids.map((id) => store.read(tenantId, queries.ttlById({ id }))));
  return new Map(found.flat().map(({ id, ttl_ms }) => [id, { isEndOpen: ttl_ms !== null }]));
}

function lookThrough(judging: Judging, filter: Expression, created: ReadonlySet<string>): Look {
  const { store, tenantId } = judging;
  return async (ids) => {
    const judged: (readonly [string, Judged])[] = [];
    const turns = beginTurns(TURN_MS);
    const asked = ids.filter((id) => created.has(id));
    const known = await findCreated(judging, asked);
    for (const [id, action] of await findActions(store, tenantId, ids)) {
      judged.push([id, judge(filter, action, known.get(id), store.clock.now())]);
      await endTurn(turns);
    }
    return judged;
  };
}

/** Well within the lease of a turn, which others in the lane use up too. */
const MOST_MS = 20_000;

export interface JudgedActions {
  readonly actions: ReadonlyMap<string, Judged>;
  /** Sequence of the first row that there was no time for; undefined where all were judged. */
  readonly endsBefore: number | undefined;
}

/**
 * The actions of these rows as they are now, by id; what is deleted is absent. Few are read at once, and none is kept:
 * a hundred subscriptions that follow a hundred large actions hold nobody up and take no memory.
 */
export async function judgeActions(
  judging: Judging,
  content: Pick<SubscriptionContent, 'filter'>,
  rows: readonly ToldRow[],
  mostMs = MOST_MS,
): Promise<JudgedActions> {
  const idsOf = (some: readonly ToldRow[]): readonly string[] => [...new Set(some.map(({ action_id }) => action_id))];
  const ids = idsOf(rows.filter(({ event }) => event !== 'deleted'));
  const created = new Set(idsOf(rows.filter(({ event }) => event === 'created')));
  const isWhole = content.filter !== null;
  const look = isWhole ? lookThrough(judging, parseFilter(content.filter), created) : lookAtTags(judging);
  const size = isWhole ? SLICE : SLICE_OF_TAGS;
  const actions = new Map<string, Judged>();
  const endsAt = performance.now() + mostMs;
  for (let at = 0; at < ids.length; at += size) {
    if (at > 0 && performance.now() > endsAt) {
      const next = rows.find(({ action_id, event }) => action_id === ids[at] && event !== 'deleted');
      return { actions, endsBefore: next?.sequence };
    }
    const found = await inLane(judging.lane, judging.tenantId, () => look(ids.slice(at, at + size)));
    for (const [id, each] of found) actions.set(id, each);
  }
  return { actions, endsBefore: undefined };
}
