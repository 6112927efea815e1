import { queries } from '../store/queries.ts';
import type { ActionRow } from '../store/rows.ts';
import { first, must, run, type UnitContext, unit, type Work } from '../store/work.ts';
import { keyUntil } from './create-action.ts';
import { journalEntry, type Origin } from './journal.ts';
import { isFinal } from './lifecycle.ts';
import { holdsFor, type Precondition } from './precondition.ts';

export interface Delete {
  readonly id: string;
  readonly origin: Origin;
  readonly precondition: Precondition;
}

export type DeleteOutcome =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'tag' }
  | { readonly kind: 'notFinal'; readonly status: string }
  | { readonly kind: 'stillInForce'; readonly state: string };

const isRecord = ({ provider }: ActionRow): boolean => provider === null;

const isNotFinal = (row: ActionRow): boolean => !isRecord(row) && row.status !== null && !isFinal(row.status);

const isStillInForce = (row: ActionRow): boolean => !isRecord(row) && row.state !== 'none' && row.state !== 'released';

/** A record, or an action that is over and has left nothing in force. */
export const isDeletable = (row: ActionRow): boolean => !isNotFinal(row) && !isStillInForce(row);

/** Its journal stays, and so does its key for as long as it was promised. */
export function* removeAction(
  u: UnitContext,
  row: ActionRow,
  origin: Origin | undefined,
  details: Readonly<Record<string, unknown>>,
): Work<void> {
  yield* must(queries.deleteAction({ id: row.id, version: row.version }));
  if (row.key_hash !== null && row.key_fingerprint !== null && row.key_until !== null) {
    const { id, key_hash, key_fingerprint: fingerprint, key_until, hold_until } = row;
    const until = keyUntil({ key_until, hold_until });
    if (until > u.now) yield* run(queries.insertUsedKey({ key_hash, fingerprint, action_id: id, until }));
  }
  u.count(-1);
  u.journal(journalEntry('securityAction.deleted', row.id, 'deleted', details, origin));
}

/** Removes a record, or an action that is over. */
export const deleteAction = unit('actions.delete', function* (u, { id, origin, precondition }: Delete) {
  const row = yield* first(queries.actionById({ id }));
  if (!row) return { kind: 'unknown' } as DeleteOutcome;
  if (!holdsFor(precondition, row.version)) return { kind: 'tag' } as DeleteOutcome;
  if (isNotFinal(row)) return { kind: 'notFinal', status: row.status ?? '' } as DeleteOutcome;
  if (isStillInForce(row)) return { kind: 'stillInForce', state: row.state } as DeleteOutcome;
  yield* removeAction(u, row, origin, {});
  return { kind: 'deleted' } as DeleteOutcome;
});
