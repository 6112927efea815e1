import { type KeyedAction, queries } from '../store/queries.ts';
import type { ActionRow } from '../store/rows.ts';
import { first, run, type UnitContext, unit, type Work } from '../store/work.ts';
import { KEY_AFTERLIFE_MS } from './change-action.ts';
import type { KeylessRequest, Repeatable, RepeatKey } from './create-input.ts';
import { journalEntry, type Origin } from './journal.ts';
import { isFinal } from './lifecycle.ts';
import { asMadeByRepeat, findKnown, type KnownRequest, type TargetOfRequest } from './recent-requests.ts';

/** An action that passed every check, ready to be stored. */
export interface NewAction {
  readonly row: ActionRow;
  /** How the request is known again where its row has no key; absent: not at all. */
  readonly keyless?: KeylessRequest | undefined;
  readonly origin: Origin;
}

export type CreateOutcome =
  | { readonly kind: 'created' }
  /** The key was used for the same request: its action stands for this one. */
  | { readonly kind: 'replayed'; readonly id: string }
  /** The key was used for another request. */
  | { readonly kind: 'mismatch' }
  /** The key was used, and its action deleted since. */
  | { readonly kind: 'deleted' };

/** Until a day after its action's end, where that is later than what was promised when it was used. */
export const keyUntil = (row: Pick<KeyedAction, 'key_until' | 'hold_until'>): number =>
  Math.max(row.key_until, (row.hold_until ?? 0) + KEY_AFTERLIFE_MS);

/** An action that is not over keeps its key, however long that takes. */
const isOver = ({ status, state }: KeyedAction): boolean =>
  (status === null || isFinal(status)) && (state === 'none' || state === 'released');

/** What a key that was used before answers; undefined where it is free, or was kept long enough. */
function* answerOfKey(u: UnitContext, { hash, fingerprint }: Omit<RepeatKey, 'kind'>): Work<CreateOutcome | undefined> {
  const present = yield* first(queries.actionByKey({ key_hash: hash }));
  if (present) {
    if (keyUntil(present) <= u.now && isOver(present)) {
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

/** A request without a key is answered by the action that it is known to have made. */
const answerOfKnown = (known: KnownRequest | undefined): CreateOutcome | undefined =>
  known && (known.isDeleted ? { kind: 'deleted' } : { kind: 'replayed', id: known.id });

function* answerOf(u: UnitContext, request: Repeatable, target: TargetOfRequest): Work<CreateOutcome | undefined> {
  if (request.kind === 'key') return yield* answerOfKey(u, request);
  return answerOfKnown(yield* findKnown(u, request, target));
}

/** The answer of what was made before, or the row to store. */
function* answerOrRow(u: UnitContext, { row, keyless }: NewAction): Work<CreateOutcome | ActionRow> {
  if (row.key_hash !== null && row.key_fingerprint !== null) {
    return (yield* answerOfKey(u, { hash: row.key_hash, fingerprint: row.key_fingerprint })) ?? row;
  }
  if (!keyless) return row;
  const answer = answerOfKnown(yield* findKnown(u, keyless, row.target));
  return answer ?? (keyless.isRepeat ? yield* asMadeByRepeat(u, row, keyless) : row);
}

/** Stores an action with its key, its event and its audit record: all or nothing. */
export const createAction = unit('actions.create', function* (u, action: NewAction) {
  const row = yield* answerOrRow(u, action);
  if ('kind' in row) return row;
  yield* run(queries.insertAction(row));
  u.count(1);
  if (row.start_at !== null) u.due(row.start_at);
  const type = row.provider === null ? 'securityAction.recorded' : 'securityAction.created';
  const { provider, action: name, target, hold_until, ttl_ms } = row;
  const details = { provider, action: name, target, hold_until, ttl_ms };
  u.journal(journalEntry(type, row.id, 'created', details, action.origin));
  return { kind: 'created' } satisfies CreateOutcome as CreateOutcome;
});

export interface Asked {
  readonly repeatable: Repeatable;
  readonly target: TargetOfRequest;
}

/** Asks for the answer of a request that was made before, without storing anything: where it is refused by now. */
export const askRepeated = unit('actions.askRepeated', function* (u, { repeatable, target }: Asked) {
  return yield* answerOf(u, repeatable, target);
});

/**
 * What a request was answered with, or would be, after a commit whose outcome is unknown. It waits for that
 * transaction, where one is still under way.
 */
export const findOutcome = unit(
  'actions.findOutcome',
  function* (u, { id, target, repeatable }: Pick<ActionRow, 'id'> & Asked) {
    const isThere = (yield* first(queries.tagById({ id }))) !== undefined;
    const outcome = isThere ? ({ kind: 'created' } as const) : yield* answerOf(u, repeatable, target);
    return outcome ?? ({ kind: 'nothing' } as const);
  },
);
