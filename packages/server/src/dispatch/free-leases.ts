import { queries } from '../store/queries.ts';
import type { EnforcementRow } from '../store/rows.ts';
import { all, first, must, type UnitContext, unit, type Work } from '../store/work.ts';
import { judgeCall } from './judge-call.ts';
import { carryOut } from './settle-call.ts';
import type { Terms } from './terms.ts';

export interface Abandoned {
  /** Owners whose processes live: their leases stay. */
  readonly live: readonly string[];
  readonly owner: string;
  /** The tenant's. */
  readonly providers: readonly Terms[];
}

const LARGEST = 500;

/** The call may have been made, or not: it is settled as one of which nothing was heard, and goes on at once. */
function* free(u: UnitContext, ledger: EnforcementRow, terms: Terms, owner: string): Work<void> {
  const kind = ledger.lease_call ?? 'verify';
  const judgement = judgeCall(kind, { ledger, terms, now: u.now, random: 0 }, {});
  yield* carryOut(u, judgement, ledger.leased_at ?? u.now, { owner, terms });
}

/**
 * Takes leases back from processes that are gone.
 * @returns how many were left for another turn
 */
export const freeLeases = unit('dispatch.freeLeases', function* (u, { live, owner, providers }: Abandoned) {
  const termsOf = new Map(providers.map((terms) => [terms.provider, terms]));
  const alive = new Set(live);
  const leased = yield* all(queries.leasedEnforcements({ limit: LARGEST }));
  for (const ledger of leased) {
    if (ledger.lease_owner === null || alive.has(ledger.lease_owner)) continue;
    const terms = termsOf.get(ledger.provider);
    if (terms) yield* free(u, ledger, terms, owner);
    else yield* park(ledger);
  }
  u.due(u.now);
  return leased.length === LARGEST ? 1 : 0;
});

/** Its provider left the configuration: the row waits until it is back. */
function* park(ledger: EnforcementRow): Work<void> {
  const fresh = yield* first(queries.enforcementById({ id: ledger.id }));
  if (!fresh) return;
  const known = fresh.lease_call === 'apply' || fresh.lease_call === 'release' ? 'unknown' : fresh.known;
  const idle = { lease_owner: null, leased_at: null, lease_until: null, lease_call: null, known } as const;
  yield* must(queries.saveEnforcement({ ...fresh, ...idle }));
}
