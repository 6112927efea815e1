import { queries } from '../store/queries.ts';
import type { DispatchPauseRow } from '../store/rows.ts';
import { all, type Work } from '../store/work.ts';

/** Pauses of a tenant that last at this moment. */
export type Pauses = readonly DispatchPauseRow[];

/** What has to wait at a provider. Times in milliseconds. */
export interface Halt {
  /** Nothing starts, and nothing is applied, anew or again. */
  readonly holdsApplies: boolean;
  /** What is in force is not taken back at its end. */
  readonly holdsEnds: boolean;
  /** Only releases that were wished later may go; -Infinity: all. */
  readonly releasesAfter: number;
}

/** Read in the transaction that commits an intent, and from nowhere else: a stop is effective with its own commit. */
export const readPauses = (): Work<Pauses> => all(queries.lastingPauses({}));

const isOf = (provider: string) => (pause: { readonly provider: string }) =>
  pause.provider === '' || pause.provider === provider;

export function haltAt(pauses: Pauses, provider: string): Halt {
  const mine = pauses.filter(isOf(provider));
  const restored = mine.filter(({ kind }) => kind === 'restored').map(({ since }) => since);
  return { holdsApplies: mine.length > 0, holdsEnds: restored.length > 0, releasesAfter: Math.max(...restored) };
}

/**
 * Releases that were wished up to this time were held back by a quarantine that lasts, or ended after `endedAfter`: their
 * time to succeed counts from its end. 0: there are none.
 */
export function heldBackUpTo(pauses: Pauses, provider: string, endedAfter: number): number {
  const restored = pauses.filter(({ kind }) => kind === 'restored').filter(isOf(provider));
  const recent = restored.filter(({ until }) => until === null || until > endedAfter);
  return Math.max(0, ...recent.map(({ since }) => since));
}

/**
 * Since when the dispatch has run for so long, all pauses taken together. Whatever waited at that moment, with no more time
 * than that until its deadline, has had it.
 */
export function ranSince(
  pauses: readonly Pick<DispatchPauseRow, 'since' | 'until'>[],
  ranMs: number,
  now: number,
): number {
  for (let since = now - ranMs; ; ) {
    const earlier = now - ranMs - pausedMs(pauses, since, now);
    if (earlier >= since) return since;
    // Within a pause nothing ran: from its beginning on it is the same.
    const around = pauses.filter((pause) => pause.since < earlier && (pause.until ?? now) > earlier);
    since = Math.min(earlier, ...around.map((pause) => pause.since));
  }
}

/** How much of the time from `since` until `now` the pauses took together, however they overlap. */
export function pausedMs(
  pauses: readonly Pick<DispatchPauseRow, 'since' | 'until'>[],
  since: number,
  now: number,
): number {
  let [taken, reached] = [0, since];
  for (const pause of [...pauses].sort((a, b) => a.since - b.since)) {
    const end = Math.min(now, pause.until ?? now);
    taken += Math.max(0, end - Math.max(reached, pause.since));
    reached = Math.max(reached, end);
  }
  return taken;
}
