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
