import { parseDateTime } from '../../lib/date-time.ts';
import { queries } from '../../store/queries.ts';
import type { ActionRow } from '../../store/rows.ts';
import { all, first, run, unit } from '../../store/work.ts';
import { isDeletable, removeAction } from '../delete-action.ts';
import { ranSince } from '../pauses.ts';

/** Rows that one unit clears away: some milliseconds of a store that others wait for. */
export const PRUNED_AT_ONCE = 500;
/** Each is a row with its texts, its index entries and a journal entry. */
export const ACTIONS_AT_ONCE = 20;
/** What a subscription's log is promised to hold. */
const DELIVERIES_KEPT = 1_000;
export const DELIVERIES_KEPT_MS = 7 * 86_400_000;

/** Keys of deleted actions whose time is over. */
export const pruneUsedKeys = unit('retention.usedKeys', function* (u) {
  return (yield* all(queries.pruneUsedKeys({ now: u.now, limit: PRUNED_AT_ONCE }))).length;
});

/** Orders of lists that no page can ask for any more. */
export const pruneKeptOrders = unit('retention.keptOrders', function* (u) {
  yield* run(queries.deleteKeptOrders({ until: u.now }));
});

/** Pauses that ended before the dispatch has run for so long: they count towards no deadline any more. */
export const prunePauses = unit('retention.pauses', function* (u, { ranMs }: { ranMs: number }) {
  const until = ranSince(yield* all(queries.allPauses({})), ranMs, u.now);
  return (yield* all(queries.prunePauses({ until, limit: PRUNED_AT_ONCE }))).length;
});

/** The log of a subscription that nothing is delivered to clears nothing away by itself. */
export const pruneDeliveries = unit('retention.deliveries', function* (u, of: { subscription_id: string }) {
  const before = u.now - DELIVERIES_KEPT_MS;
  const pruned = { ...of, before, keep: DELIVERIES_KEPT, limit: PRUNED_AT_ONCE };
  return (yield* all(queries.pruneDeliveries(pruned))).length;
});

/** Since when an action has been as it is, milliseconds. A record says of itself what it likes: its arrival counts. */
export function unchangedSince(row: Pick<ActionRow, 'id' | 'provider' | 'entity'>): number {
  const arrived = Number.parseInt(row.id.replace('-', '').slice(0, 12), 16);
  if (row.provider === null) return arrived;
  const { lastActionDateTime } = JSON.parse(row.entity) as { readonly lastActionDateTime: string | null };
  const changed = lastActionDateTime === null ? undefined : parseDateTime(lastActionDateTime);
  return changed === undefined ? arrived : Math.max(arrived, Date.parse(changed));
}

export interface OldActions {
  readonly ids: readonly string[];
  readonly keptMs: number;
}

/** Deletes those that are over and have not changed for so long, as a DELETE would. Returns how many went. */
export const pruneActions = unit('retention.actions', function* (u, { ids, keptMs }: OldActions) {
  let gone = 0;
  for (const id of ids) {
    const row = yield* first(queries.actionById({ id }));
    if (!row || !isDeletable(row) || unchangedSince(row) > u.now - keptMs) continue;
    yield* removeAction(u, row, undefined, { reason: 'retention' });
    gone += 1;
  }
  return gone;
});
