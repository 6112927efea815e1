import { type ChangeRow, queries } from '../../store/queries.ts';
import type { Store } from '../../store/store.ts';
import { type AnsweredAction, toAnswered } from '../read-actions.ts';

/** Some of the journal behind a sequence, with the actions that it is about as they are now. */
export interface ChangeStep {
  readonly entries: readonly ChangeRow[];
  /** By id; an action that was deleted meanwhile is not there. */
  readonly actions: ReadonlyMap<string, AnsweredAction>;
  /** Sequence of the last entry read; where there was none, the one that was asked with. */
  readonly until: number;
  /** There may be more behind it. */
  readonly isCut: boolean;
}

/** What lies behind a sequence is no longer there, or was never written here. */
export const LOST = 'lost';

/** Entries of the journal, and actions, that a step reads at most. */
export const LARGEST_STEP = 100;

/** Where a step ends. */
export interface StepBounds {
  readonly entries: number;
  readonly actions: number;
  /** Characters of actions: the one that goes beyond it is the last. */
  readonly text: number;
}

/** Characters of actions that are told to streams at once, and the rest of the last one. */
export const STREAM_STEP_TEXT = 262_144;

/** Actions that are read at once: at first few, as nobody knows how large they are. 250 KB each are 4 MB. */
const FIRST_SLICE = 2;
const LARGEST_SLICE = 16;

/** Whether an entry is a change that clients are told of. */
export const isChange = (row: ChangeRow): row is ChangeRow & { readonly action_id: string } =>
  row.event !== null && row.action_id !== null;

/** The beginning of `rows` that has at most so many changed actions. */
function withinActions(rows: readonly ChangeRow[], most: number): readonly ChangeRow[] {
  const ids = new Set<string>();
  for (const [index, row] of rows.entries()) {
    if (!isChange(row)) continue;
    ids.add(row.action_id);
    if (ids.size > most) return rows.slice(0, index);
  }
  return rows;
}

const lengthOf = ({ entity, seedEntity }: AnsweredAction): number => entity.length + (seedEntity?.length ?? 0);

/** The beginning of `rows` up to where their actions have so much text; each action counts once in `actions`. */
function withinText(
  rows: readonly ChangeRow[],
  found: ReadonlyMap<string, AnsweredAction>,
  actions: Map<string, AnsweredAction>,
  most: number,
): { readonly rows: readonly ChangeRow[]; readonly text: number } {
  let text = 0;
  for (const [index, { action_id: id }] of rows.entries()) {
    const action = id === null ? undefined : found.get(id);
    if (!action || actions.get(action.id) === action) continue;
    if (text >= most) return { rows: rows.slice(0, index), text };
    actions.set(action.id, action);
    text += lengthOf(action);
  }
  return { rows, text };
}

/**
 * Reads some of the journal behind `after`, within bounds, but of what is there at least one entry. The journal is
 * read before the actions, so an action is never older than the entry that names it.
 */
export async function readChanges(
  store: Pick<Store, 'read'>,
  tenantId: string,
  after: number,
  most: StepBounds,
): Promise<ChangeStep | typeof LOST> {
  const limit = Math.min(most.entries, LARGEST_STEP);
  const read = await store.read(tenantId, queries.changesAfter({ sequence: after, limit }));
  if (read[0] && read[0].sequence !== after + 1) return LOST;
  const entries = withinActions(read, most.actions);
  const actions = new Map<string, AnsweredAction>();
  let [done, text, size] = [0, 0, FIRST_SLICE];
  const until = (): number => entries[done - 1]?.sequence ?? after;
  while (done < entries.length && text < most.text) {
    const some = withinActions(entries.slice(done), size);
    const ends = some.at(-1)?.sequence ?? after;
    const wanted = queries.changedEntities({ after: until(), until: ends });
    const rows = some.some(isChange) ? await store.read(tenantId, wanted) : [];
    const found = new Map(rows.map((row) => [row.id, toAnswered(row)]));
    const within = withinText(some, found, actions, most.text - text);
    done += within.rows.length;
    text += within.text;
    size = Math.min(LARGEST_SLICE, size * 2);
  }
  return {
    entries: entries.slice(0, done),
    actions,
    until: until(),
    isCut: done < read.length || read.length === limit,
  };
}
