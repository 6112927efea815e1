import type { DueAction } from '../store/queries.ts';
import { livingProcesses, type Owners } from '../store/watch-owners.ts';
import type { Start } from './start-action.ts';

/** More than a provider's slots: an action that joins an effect in force needs none. */
const STARTS_BEYOND_SLOTS = 32;
/** More than so many would keep those waiting who wait for the tenant's lock. */
const MOST_CONSIDERED = 512;

/** Of what is due, in order: how many to read, and how many of those that need a slot to consider. */
export interface Window {
  readonly limit: number;
  readonly considered: number;
}

/**
 * Processes that share a store read the same actions first. Which of them are left is known under the tenant's lock
 * alone: a process that has free slots considers as many more as all others together may begin.
 * @param slots how many each of them has
 */
export function windowOf(owners: Owners, free: number, slots: number): Window {
  const others = free === 0 ? 0 : (livingProcesses(owners) - 1) * slots;
  const considered = Math.max(free, Math.min(free + others, MOST_CONSIDERED));
  return { limit: considered + STARTS_BEYOND_SLOTS, considered };
}

/** Who joins what is in the ledger, or may not start at all, needs no slot; of the others the first so many. */
export function chooseStarts(
  refusalOf: (action: DueAction) => string | undefined,
  actions: readonly DueAction[],
  most: number,
): readonly Start[] {
  let others = 0;
  return actions.flatMap((action): Start[] => {
    const { id, joins } = action;
    const refusal = refusalOf(action);
    if (refusal !== undefined) return [{ id, refusal }];
    if (joins === 1) return [{ id, joins: true }];
    others += 1;
    return others > most ? [] : [{ id }];
  });
}
