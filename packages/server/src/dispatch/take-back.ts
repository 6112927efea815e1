import { journalEntry } from '../actions/journal.ts';
import { haltAt, readPauses } from '../actions/pauses.ts';
import { toDateTime } from '../lib/date-time.ts';
import { queries } from '../store/queries.ts';
import { LANES, type PastEffectRow } from '../store/rows.ts';
import { all, first, must, run, type UnitContext, unit, type Work } from '../store/work.ts';
import { type EffectName, freshLedger } from './fresh-ledger.ts';
import type { Terms } from './terms.ts';

/** What a product lists as ours, and was not wanted when the ledger was read. */
export interface Strays {
  readonly terms: Terms;
  /** When the list was asked for, by the clock of the store. */
  readonly listedAt: number;
  readonly effects: readonly EffectName[];
  /** Ids of strays that are over: not listed any more, or wanted by now. */
  readonly over: readonly string[];
}

/** A wish to release, with no action behind it: the ledger carries it out as any other, until it is read back. */
function* wishBack(u: UnitContext, past: PastEffectRow, terms: Terms): Work<void> {
  const ledger = { ...freshLedger(u, past, terms), known: 'unknown', looked: 1, was_sent: 1 } as const;
  const { provider, action, target } = past;
  const details = {
    provider,
    action,
    target,
    enforcementId: ledger.id,
    formerEnforcementId: past.enforcement_id,
    releasedDateTime: toDateTime(past.released_at),
  };
  const unwanted_seq = u.journal(journalEntry('enforcement.strayFound', null, null, details));
  yield* must(queries.insertEnforcement({ ...ledger, lane: LANES.release, release_wished_at: u.now, unwanted_seq }));
  u.due(u.now);
}

/** @returns whether it is taken back from now on */
function* settleStray(u: UnitContext, effect: EffectName, strays: Strays, mayRelease: boolean): Work<boolean> {
  const key = { provider: strays.terms.provider, ...effect };
  const known = yield* first(queries.strayOf(key));
  if (yield* first(queries.enforcementOf(key))) {
    if (known) yield* run(queries.deleteStray({ id: known.id }));
    return false;
  }
  const past = yield* first(queries.pastEffectOf(key));
  // The list may show how it was before the release.
  if (past && past.released_at >= strays.listedAt) return false;
  if (past && mayRelease) {
    if (known) yield* run(queries.deleteStray({ id: known.id }));
    yield* wishBack(u, past, strays.terms);
    return true;
  }
  const was_ours = past ? 1 : 0;
  if (!known) yield* run(queries.insertStray({ id: u.newId(), ...key, was_ours, seen_at: u.now }));
  return false;
}

/**
 * Entries that a product lists as ours and nobody here wants. What we had put there and released is taken back. Any
 * other is never touched: two installations may share a product, or this database may be older than the product. It
 * is kept, to be shown. In a quarantine nothing is taken back.
 */
export const settleStrays = unit('dispatch.settleStrays', function* (u, strays: Strays) {
  const mayRelease = !haltAt(yield* readPauses(), strays.terms.provider).holdsEnds;
  for (const id of strays.over) yield* run(queries.deleteStray({ id }));
  let back = 0;
  for (const { action, target } of strays.effects) {
    if (yield* settleStray(u, { action, target }, strays, mayRelease)) back += 1;
  }
  return back;
});

/** For so long what turns up at a product again is known to be ours. */
export const PAST_EFFECT_MS = 7 * 86_400_000;
const FORGOTTEN_AT_ONCE = 500;

/** Forgets effects that are over for long. @returns whether there are more of them */
export const forgetPastEffects = unit('dispatch.forgetPastEffects', function* (_, { until }: { until: number }) {
  const old = yield* all(queries.pastEffectsUntil({ until, limit: FORGOTTEN_AT_ONCE }));
  for (const { provider, action, target } of old) yield* run(queries.deletePastEffect({ provider, action, target }));
  return old.length === FORGOTTEN_AT_ONCE;
});
