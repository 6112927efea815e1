import type { Timers } from '../../packages/server/src/lib/timers.ts';

/** Something that happens at a time. */
interface Coming {
  readonly at: number;
  /** Of two at one time the one that was planned first comes first. */
  readonly order: number;
  /** One of the dispatcher's rounds: where nothing else is due, hours of them pass at once. */
  readonly isRound: boolean;
  readonly run: () => void;
}

/** The time of a simulation: it passes from one event to the next. */
export interface VirtualTime {
  now: number;
  planned: number;
  /** Events that were no rounds. */
  happened: number;
  /** The next one stands last. */
  readonly coming: Coming[];
}

const START = Date.parse('2026-01-01T00:00:00Z');

export const createTime = (): VirtualTime => ({ now: START, planned: 0, happened: 0, coming: [] });

const isBefore = (one: Coming, other: Coming): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);

/** Plans something. Returns what calls it off. */
export function plan(time: VirtualTime, ms: number, run: () => void, isRound = false): () => void {
  time.planned += 1;
  const mine: Coming = { at: time.now + Math.max(0, ms), order: time.planned, isRound, run };
  let place = time.coming.length;
  while (place > 0 && isBefore(time.coming[place - 1] as Coming, mine)) place -= 1;
  time.coming.splice(place, 0, mine);
  return () => {
    const found = time.coming.indexOf(mine);
    if (found !== -1) time.coming.splice(found, 1);
  };
}

/** When the next thing comes that is no round. */
export const nextAt = (time: VirtualTime): number =>
  time.coming.findLast(({ isRound }) => !isRound)?.at ?? Number.POSITIVE_INFINITY;

/** Moves to the next event, and lets it happen. @returns false where nothing will ever come */
export function happen(time: VirtualTime): boolean {
  const next = time.coming.pop();
  if (!next) return false;
  time.now = Math.max(time.now, next.at);
  if (!next.isRound) time.happened += 1;
  next.run();
  return true;
}

/** Nothing is due before: rounds that would find nothing are left out, and come again then. */
export function leapTo(time: VirtualTime, at: number): void {
  const rounds = time.coming.filter((each) => each.isRound && each.at < at);
  if (rounds.length === 0) return;
  const others = time.coming.filter((each) => !rounds.includes(each));
  time.coming.splice(0, time.coming.length, ...others);
  for (const { run } of rounds.reverse()) plan(time, at - time.now, run, true);
}

/** Periods of the dispatcher's rounds. */
const ROUNDS: readonly number[] = [500, 250];

/** Timers of one process. `deliver` decides whether it still lives to see them. */
export const timersOf = (time: VirtualTime, deliver: (run: () => void) => void): Timers => ({
  monotonicMs: () => time.now,
  after: (ms, run) => plan(time, ms, () => deliver(run), ROUNDS.includes(ms)),
});

/** Everything that follows at once has happened: promises, and what waits for a round of the event loop. */
export async function settle(isBusy: () => boolean): Promise<void> {
  do await new Promise<void>((resolve) => setImmediate(resolve));
  while (isBusy());
}
