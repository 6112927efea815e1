import { giveUpRelease } from '../actions/holds.ts';
import { heldBackUpTo } from '../actions/pauses.ts';
import { queries } from '../store/queries.ts';
import { type Alarm, all, first, type UnitContext, unit, type Work } from '../store/work.ts';
import type { Terms } from './terms.ts';

/** Wishes behind `since`, up to `until`, are late: what a quarantine held back is not, see {@link heldBackUpTo}. */
export interface LateTimes {
  readonly since: number;
  readonly until: number;
}

/** A release without success within its time: people are told, and the tries go on. */
export const giveUpLate = unit('dispatch.giveUpLate', function* (u, late: LateTimes & { readonly id: string }) {
  const ledger = yield* first(queries.enforcementById({ id: late.id }));
  const wished = ledger?.release_wished_at ?? null;
  if (ledger && wished !== null && wished > late.since && wished <= late.until) yield* giveUpRelease(u, ledger.id);
  return u.alarms as readonly Alarm[];
});

/**
 * When the next release that does not succeed is late.
 * @param wished the oldest wish of which nothing was told
 */
export function* nextLateAt(u: UnitContext, { provider, deadlineMs }: Terms, wished: number): Work<number | undefined> {
  // Where none is late, no quarantine need be looked for.
  if (wished + deadlineMs > u.now) return wished + deadlineMs;
  const ago = u.now - deadlineMs;
  const pauses = yield* all(queries.pausesSince({ provider, since: ago }));
  const since = heldBackUpTo(pauses, provider, ago);
  if (since < wished) return wished + deadlineMs;
  const next = yield* first(queries.nextLateRelease({ provider, since }));
  // A quarantine that lasts holds them until somebody ends it: the tenant is due then.
  const ends = pauses.flatMap(({ kind, until }) => (kind === 'restored' && until !== null ? [until + deadlineMs] : []));
  const times = next ? [...ends, next.release_wished_at + deadlineMs] : ends;
  return times.length === 0 ? undefined : Math.min(...times);
}
