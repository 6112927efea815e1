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
}

/** What lies behind a sequence is no longer there, or was never written here. */
export const LOST = 'lost';

/** As many actions of the largest kind fit in memory and cross a thread at once. */
export const LARGEST_STEP = 100;

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

/**
 * Reads at most `entries` of the journal behind `after`, about at most `actions` actions. The journal is read before
 * the actions, so an action is never older than the entry that names it.
 */
export async function readChanges(
  store: Store,
  tenantId: string,
  after: number,
  most: { readonly entries: number; readonly actions: number },
): Promise<ChangeStep | typeof LOST> {
  const limit = Math.min(most.entries, LARGEST_STEP);
  const rows = await store.read(tenantId, queries.changesAfter({ sequence: after, limit }));
  if (rows[0] && rows[0].sequence !== after + 1) return LOST;
  const entries = withinActions(rows, most.actions);
  const until = entries.at(-1)?.sequence ?? after;
  if (!entries.some(isChange)) return { entries, actions: new Map(), until };
  const found = await store.read(tenantId, queries.changedEntities({ after, until }));
  return { entries, actions: new Map(found.map((row) => [row.id, toAnswered(row)])), until };
}
