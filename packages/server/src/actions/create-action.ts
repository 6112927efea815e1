import { type KeyedAction, queries } from '../store/queries.ts';
import type { ActionRow } from '../store/rows.ts';
import { first, run, type UnitContext, unit, type Work } from '../store/work.ts';
import { KEY_AFTERLIFE_MS } from './change-action.ts';
import type { KeylessRequest, Repeatable, RepeatKey } from './create-input.ts';
import { journalEntry, type Origin } from './journal.ts';
import { isFinal } from './lifecycle.ts';
import { findKnown, type KnownRequest, rememberRequest } from './recent-requests.ts';

/** An action that passed every check, ready to be stored. */
export interface NewAction {
  readonly row: ActionRow;
  /** How the request is known again where its row has no key; absent: not at all. */
  readonly keyless?: KeylessRequest | undefined;
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
function* answerOfKnown({ id }: KnownRequest): Work<CreateOutcome | undefined> {
  if (id === undefined) return undefined;
  const isThere = (yield* first(queries.tagById({ id }))) !== undefined;
  return isThere ? { kind: 'replayed', id } : { kind: 'deleted' };
}

function* answerOf(u: UnitContext, request: Repeatable): Work<CreateOutcome | undefined> {
  if (request.kind === 'key') return yield* answerOfKey(u, request);
  return yield* answerOfKnown(yield* findKnown(u, request));
}

/** Stores an action with its key, its event and its audit record: all or nothing. */
export const createAction = unit('actions.create', function* (u, { row, keyless, origin, details }: NewAction) {
  if (row.key_hash !== null && row.key_fingerprint !== null) {
    const answer = yield* answerOfKey(u, { hash: row.key_hash, fingerprint: row.key_fingerprint });
    if (answer) return answer;
  } else if (keyless) {
    const known = yield* findKnown(u, keyless);
    const answer = yield* answerOfKnown(known);
    if (answer) return answer;
    yield* rememberRequest(u, keyless, row.id, known);
  }
  yield* run(queries.insertAction(row));
  u.count(1);
  if (row.start_at !== null) u.due(row.start_at);
  const type = row.provider === null ? 'securityAction.recorded' : 'securityAction.created';
  u.journal(journalEntry(type, row.id, 'created', details, origin));
  return { kind: 'created' } satisfies CreateOutcome as CreateOutcome;
});

/** Asks for the answer of a request that was made before, without storing anything: where it is refused by now. */
export const askRepeated = unit('actions.askRepeated', function* (u, request: Repeatable) {
  return yield* answerOf(u, request);
});

/**
 * What a request was answered with, or would be, after a commit whose outcome is unknown. It waits for that
 * transaction, where one is still under way.
 */
export const findOutcome = unit(
  'actions.findOutcome',
  function* (u, { id, repeatable }: { id: string; repeatable: Repeatable }) {
    const isThere = (yield* first(queries.tagById({ id }))) !== undefined;
    const outcome = isThere ? ({ kind: 'created' } as const) : yield* answerOf(u, repeatable);
    return outcome ?? ({ kind: 'nothing' } as const);
  },
);
