import { RESULT_CODES } from '@interdict/contract';
import { toDateTime } from '../lib/date-time.ts';
import { firstIdAt } from '../lib/new-id.ts';
import { queries, type RequestedAction } from '../store/queries.ts';
import type { ActionRow, Ending } from '../store/rows.ts';
import { first, run, type UnitContext, type Work } from '../store/work.ts';
import type { KeylessRequest } from './create-input.ts';

/** How long a request without a key is known again by what it says. */
export const KNOWN_MS = 120_000;
/** Actions that are looked through, newest first: some µs each, for which all others wait. */
const LOOKED_THROUGH = { onTarget: 100, ofRecords: 2_000, ofRefused: 200 } as const;

/** By a clock that was put back everything seems to come before a repeat of then: nothing new would be made until it is past. */
const MOST_AHEAD_MS = 1_000;
const isOfLate = (madeAt: number, now: number): boolean => madeAt > now - KNOWN_MS && madeAt <= now + MOST_AHEAD_MS;

/** Of the action that a request would make; null: a record, which has none; undefined: the request was refused before. */
export type TargetOfRequest = string | null | undefined;

const isCancelled = ({ ending }: RequestedAction): boolean =>
  ending !== null && (JSON.parse(ending) as Ending).result.code === RESULT_CODES.cancelled;

/** Whether an action is what its request wanted, or on its way there: a repeat of it asks for nothing more. */
function isOnItsWay(row: RequestedAction): boolean {
  if (row.status === 'Completed') return row.state === 'inForce' || row.state === 'drifted';
  return (row.status === 'NotStarted' || row.status === 'Running') && !isCancelled(row);
}

/** The action that a request without a key was carried out by. */
export interface KnownRequest {
  readonly id: string;
  readonly isDeleted: boolean;
}

/** A repeat gets the action of what it repeats, unless that was cancelled or has failed. */
function* findRepeated(u: UnitContext, hash: string, target: TargetOfRequest): Work<KnownRequest | undefined> {
  const since = u.now - KNOWN_MS;
  const { onTarget, ofRecords, ofRefused } = LOOKED_THROUGH;
  const among = { hash, id: firstIdAt(since), limit: target === null ? ofRecords : ofRefused };
  const made = yield* first(
    typeof target === 'string'
      ? queries.requestedOn({ hash, target, since: toDateTime(since), limit: onTarget })
      : queries.requestedSince(among),
  );
  return made && isOnItsWay(made) ? { id: made.id, isDeleted: false } : undefined;
}

/**
 * A request may be slower than its own repeat. Where one was committed since this request came, this is what it
 * repeats: a second action would be one that nobody knows of, whatever became of the first. Nothing is asked of the
 * database where no repeat at all has made an action since.
 */
function* findOvertaken(u: UnitContext, { hash, arrivedAt }: KeylessRequest): Work<KnownRequest | undefined> {
  if ((u.repeatMadeAt ?? 0) < arrivedAt) return undefined;
  const made = yield* first(queries.madeByRepeat({ key_hash: hash }));
  const madeAt = Number(made?.made_at ?? 0);
  if (!made || madeAt < arrivedAt || !isOfLate(madeAt, u.now)) return undefined;
  return { id: made.id, isDeleted: made.is_deleted === 1 };
}

export const findKnown = (
  u: UnitContext,
  request: KeylessRequest,
  target: TargetOfRequest,
): Work<KnownRequest | undefined> =>
  request.isRepeat ? findRepeated(u, request.hash, target) : findOvertaken(u, request);

/** The row of what a repeat makes: its request may come yet, and finds it as by a key, which says when it was made. */
export function* asMadeByRepeat(u: UnitContext, row: ActionRow, { hash }: KeylessRequest): Work<ActionRow> {
  const made = yield* first(queries.madeByRepeat({ key_hash: hash }));
  if (made) yield* run(queries.forgetKey({ id: made.id }), queries.deleteUsedKey({ key_hash: hash }));
  u.repeatMade(u.now);
  return { ...row, key_hash: hash, key_fingerprint: `${u.now}`, key_until: u.now + KNOWN_MS };
}
