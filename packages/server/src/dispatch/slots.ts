import type { CallKind } from '../store/rows.ts';
import type { FreeSlots } from './take-due.ts';

/** Calls that a provider may have under way, by lane: nothing elsewhere delays a release. */
export interface Slots {
  readonly limit: FreeSlots;
  readonly used: { release: number; apply: number; verify: number };
}

const laneOf = (kind: CallKind): keyof FreeSlots => (kind === 'look' ? 'apply' : kind);

/** Releases get as many slots again as applies; looks at what is in force get a quarter. */
export const createSlots = (concurrency: number): Slots => ({
  limit: { release: concurrency, apply: concurrency, verify: Math.max(1, Math.ceil(concurrency / 4)) },
  used: { release: 0, apply: 0, verify: 0 },
});

/** More intents in one transaction would keep other units waiting. */
const MOST_A_TURN = 250;

const free = (limit: number, used: number): number => Math.min(MOST_A_TURN, Math.max(0, limit - used));

export const freeSlots = ({ limit, used }: Slots): FreeSlots => ({
  release: free(limit.release, used.release),
  apply: free(limit.apply, used.apply),
  verify: free(limit.verify, used.verify),
});

export function take(slots: Slots, kind: CallKind): void {
  slots.used[laneOf(kind)] += 1;
}

export function giveBack(slots: Slots, kind: CallKind): void {
  slots.used[laneOf(kind)] -= 1;
}
