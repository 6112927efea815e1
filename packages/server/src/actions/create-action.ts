import { queries } from '../store/queries.ts';
import type { ActionRow } from '../store/rows.ts';
import { first, run, type UnitContext, unit, type Work } from '../store/work.ts';
import { journalEntry, type Origin } from './journal.ts';

/** An action that passed every check, ready to be stored. */
export interface NewAction {
  readonly row: ActionRow;
  readonly origin: Origin;
  readonly details: Readonly<Record<string, unknown>>;
}

export type CreateOutcome =
  | { readonly kind: 'created' }
  /** The key was used for the same request: its action stands for this one. */
  | { readonly kind: 'replayed'; readonly id: string }
  /** The key was used for another request. */
  | { readonly kind: 'mismatch' }
  /** The key was used, and its action deleted since. */
  | { readonly kind: 'deleted' };

/** What a key that was used before answers; undefined where it is free, or was kept long enough. */
export function* answerOfKey(u: UnitContext, hash: string, fingerprint: string): Work<CreateOutcome | undefined> {
  const present = yield* first(queries.actionByKey({ key_hash: hash }));
  if (present) {
    if (present.key_until <= u.now) {
      yield* run(queries.forgetKey({ id: present.id }));
      return undefined;
    }
    return present.key_fingerprint === fingerprint ? { kind: 'replayed', id: present.id } : { kind: 'mismatch' };
  }
  const gone = yield* first(queries.usedKey({ key_hash: hash }));
  if (!gone) return undefined;
  if (gone.until <= u.now) {
    yield* run(queries.deleteUsedKey({ key_hash: hash }));
    return undefined;
  }
  return gone.fingerprint === fingerprint ? { kind: 'deleted' } : { kind: 'mismatch' };
}

/** Stores an action with its key, its event and its audit record: all or nothing. */
export const createAction = unit('actions.create', function* (u, { row, origin, details }: NewAction) {
  if (row.key_hash !== null && row.key_fingerprint !== null) {
    const answer = yield* answerOfKey(u, row.key_hash, row.key_fingerprint);
    if (answer) return answer;
  }
  yield* run(queries.insertAction(row));
  u.count(1);
  if (row.start_at !== null) u.due(row.start_at);
  const type = row.provider === null ? 'securityAction.recorded' : 'securityAction.created';
  u.journal(journalEntry(type, row.id, 'created', details, origin));
  return { kind: 'created' } satisfies CreateOutcome as CreateOutcome;
});

/** Asks for a key's answer without storing anything: for a request that is refused on its own account. */
export const askKey = unit('actions.askKey', function* (u, key: { hash: string; fingerprint: string }) {
  return yield* answerOfKey(u, key.hash, key.fingerprint);
});

/** After a commit whose outcome is unknown. It waits for that transaction, where one is still under way. */
export const isStored = unit('actions.isStored', function* (_, { id }: { id: string }) {
  return (yield* first(queries.actionById({ id }))) !== undefined;
});
