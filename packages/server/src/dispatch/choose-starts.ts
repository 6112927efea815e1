import { targetFromText } from '@interdict/contract';
import type { DueAction } from '../store/queries.ts';
import { placeAmong } from '../store/watch-owners.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Gate } from './gates.ts';
import type { Start } from './start-action.ts';

/** More than a provider's slots: an action that joins an effect in force needs none. */
const STARTS_BEYOND_SLOTS = 32;
/** Every so many turns a process begins with the oldest: whoever else should take those may be held back. */
const FROM_THE_FRONT = 4;

/** Of what is due, in order: how many to read, and how many that need a slot others are to take. */
export interface Window {
  readonly limit: number;
  readonly skip: number;
}

/**
 * Processes that share a store read the same actions first, and one of them gets them: the others' turns would be for
 * nothing. So each begins behind as many as those before it have slots for.
 */
export function windowOf({ owners, deps }: Pick<Dispatcher, 'owners' | 'deps'>, gate: Gate, free: number): Window {
  const skip = gate.turns % FROM_THE_FRONT === 0 ? 0 : placeAmong(owners, deps.store.leaseOwner) * free;
  return { limit: skip + free + STARTS_BEYOND_SLOTS, skip };
}

/**
 * Who joins what is in the ledger, or may not start at all, needs no slot; of the others as many as there are slots,
 * behind those that are skipped. Where fewer are due than that, the last of them. What wants a target that an earlier
 * one wants, which is skipped, is too.
 */
export function chooseStarts(
  refusalFor: (target: string) => { readonly message: string } | undefined,
  actions: readonly DueAction[],
  free: number,
  skip = 0,
): readonly Start[] {
  const judged = actions.map(({ id, target, joins }) => {
    const refusal = target === null ? undefined : refusalFor(target)?.message;
    return { id, target, refusal, needsSlot: refusal === undefined && joins !== 1 };
  });
  const others = judged.filter(({ needsSlot }) => needsSlot);
  const from = Math.max(0, Math.min(skip, others.length - free));
  const skipped = new Set(others.slice(0, from).map(({ target }) => target));
  const able = others.slice(from).filter(({ target }) => !skipped.has(target));
  const chosen = new Set(able.slice(0, free).map(({ id }) => id));
  return judged.flatMap(({ id, refusal, needsSlot }): Start[] => {
    if (refusal !== undefined) return [{ id, refusal }];
    return needsSlot && !chosen.has(id) ? [] : [{ id }];
  });
}

export const refusalsOf =
  ({ deps }: Pick<Dispatcher, 'deps'>, tenantId: string) =>
  (target: string): { readonly message: string } | undefined =>
    deps.refusalFor(tenantId, targetFromText(target));
