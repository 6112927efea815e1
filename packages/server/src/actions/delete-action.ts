import { queries } from '../store/queries.ts';
import { first, must, run, unit } from '../store/work.ts';
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

/** Removes a record, or an action that is over. Its journal stays, and so does its key for as long as it was promised. */
export const deleteAction = unit('actions.delete', function* (u, { id, origin, precondition }: Delete) {
  const row = yield* first(queries.actionById({ id }));
  if (!row) return { kind: 'unknown' } as DeleteOutcome;
  if (!holdsFor(precondition, row.version)) return { kind: 'tag' } as DeleteOutcome;
  const isRecord = row.provider === null;
  if (!isRecord && row.status !== null && !isFinal(row.status)) {
    return { kind: 'notFinal', status: row.status } as DeleteOutcome;
  }
  if (!isRecord && row.state !== 'none' && row.state !== 'released') {
    return { kind: 'stillInForce', state: row.state } as DeleteOutcome;
  }
  yield* must(queries.deleteAction({ id, version: row.version }));
  if (row.key_hash !== null && row.key_fingerprint !== null && row.key_until !== null) {
    const { key_hash, key_fingerprint: fingerprint, key_until, hold_until } = row;
    const until = keyUntil({ key_until, hold_until });
    yield* run(queries.insertUsedKey({ key_hash, fingerprint, action_id: id, until }));
  }
  u.count(-1);
  u.journal(journalEntry('securityAction.deleted', id, 'deleted', {}, origin));
  return { kind: 'deleted' } as DeleteOutcome;
});
