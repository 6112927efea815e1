import { RESULT_CODES } from '@interdict/contract';
import { queries } from '../store/queries.ts';
import type { ActionRow, Ending, RecentRequestRow } from '../store/rows.ts';
import { first, must, type UnitContext, type Work } from '../store/work.ts';
import type { KeylessRequest } from './create-input.ts';

/** How long a request without a key is known again by what it says. */
export const KNOWN_MS = 120_000;
const SLOT_MS = 2_000;

export const slotAt = (ms: number): number => Math.floor(ms / SLOT_MS);

function slotsUntil(now: number): string {
  const oldest = slotAt(now - KNOWN_MS);
  return JSON.stringify(Array.from({ length: slotAt(now) - oldest + 1 }, (_, index) => oldest + index));
}

const isCancelled = ({ ending }: ActionRow): boolean =>
  ending !== null && (JSON.parse(ending) as Ending).result.code === RESULT_CODES.cancelled;

/** Whether an action is what its request wanted, or on its way there: a repeat of it asks for nothing more. */
function isOnItsWay(row: ActionRow): boolean {
  if (row.status === 'Completed') return row.state === 'inForce' || row.state === 'drifted';
  return (row.status === 'NotStarted' || row.status === 'Running') && !isCancelled(row);
}

/** The action that a request without a key was carried out by, or undefined; and what was seen of it meanwhile. */
export interface KnownRequest {
  readonly id: string | undefined;
  readonly seen: RecentRequestRow | undefined;
}

/** A repeat gets the action of what it repeats, unless that was cancelled or has failed. */
function* findRepeated(u: UnitContext, { hash }: KeylessRequest): Work<KnownRequest> {
  const seen = yield* first(queries.recentRequest({ hash, slots: slotsUntil(u.now) }));
  if (!seen || seen.made_at <= u.now - KNOWN_MS) return { id: undefined, seen };
  const row = yield* first(queries.actionById({ id: seen.action_id }));
  return { id: row && isOnItsWay(row) ? row.id : undefined, seen };
}

/**
 * A request may be slower than its own repeat. Where one was committed since this request came, this is what it
 * repeats: a second action would be one that nobody knows of, whatever became of the first.
 */
function* findOvertaken(u: UnitContext, { hash, arrivedAt }: KeylessRequest): Work<KnownRequest> {
  const seen = yield* first(queries.madeByRepeat({ hash }));
  const isOvertaken = seen !== undefined && seen.made_at >= arrivedAt && seen.made_at > u.now - KNOWN_MS;
  return { id: isOvertaken ? seen.action_id : undefined, seen };
}

export const findKnown = (u: UnitContext, request: KeylessRequest): Work<KnownRequest> =>
  request.isRepeat ? findRepeated(u, request) : findOvertaken(u, request);

/**
 * Keeps in mind by which action a request is carried out.
 * @throws {WriteConflict} where another unit of the same group did so for the same request
 */
export function* rememberRequest(
  u: UnitContext,
  { hash, isRepeat }: KeylessRequest,
  actionId: string,
  { seen }: KnownRequest,
): Work<void> {
  const made: RecentRequestRow = {
    slot: slotAt(u.now),
    hash,
    action_id: actionId,
    made_at: u.now,
    is_repeat: isRepeat ? 1 : 0,
  };
  yield* must(queries.saveRecentRequest({ ...made, was: seen?.action_id ?? null }));
}
