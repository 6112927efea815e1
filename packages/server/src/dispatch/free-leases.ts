import { queries } from '../store/queries.ts';
import type { EnforcementRow } from '../store/rows.ts';
import { type Alarm, first, must, type UnitContext, unit, type Work } from '../store/work.ts';
import { judgeCall } from './judge-call.ts';
import { carryOut } from './settle-call.ts';
import { POISONED_AT, stopPoisoned } from './stop-poisoned.ts';
import type { Terms } from './terms.ts';

export interface Abandoned {
  /** Ledger rows whose leases to look at. */
  readonly ids: readonly string[];
  /** Owners whose processes are gone: all others keep theirs. */
  readonly gone: readonly string[];
  /** They are not known to be dead: a call of theirs may be under way until its lease would have run out. */
  readonly mayLive: boolean;
  readonly owner: string;
  /** The tenant's. */
  readonly providers: readonly Terms[];
}

/** Only a write lands; a look that is under way changes nothing. */
const callingUntil = ({ lease_call, lease_until }: EnforcementRow): { readonly callingUntil?: number } =>
  lease_until !== null && (lease_call === 'apply' || lease_call === 'release') ? { callingUntil: lease_until } : {};

/** The call may have been made, or not: it is settled as one of which nothing was heard, and goes on at once. What was under way each time is what kills. */
function* free(u: UnitContext, ledger: EnforcementRow, terms: Terms, { owner, mayLive }: Abandoned): Work<void> {
  const kind = ledger.lease_call ?? 'verify';
  const counted = { ...ledger, abandoned: ledger.abandoned + 1 };
  const until = mayLive ? callingUntil(ledger) : {};
  const judgement = judgeCall(kind, { ledger: counted, terms, now: u.now, random: 0, ...until }, {});
  if (counted.abandoned >= POISONED_AT) yield* stopPoisoned(u, ledger, judgement, { owner, terms });
  else yield* carryOut(u, judgement, ledger.leased_at ?? u.now, { owner, terms });
}

/** Takes leases back from processes that are gone. */
export const freeLeases = unit('dispatch.freeLeases', function* (u, abandoned: Abandoned) {
  const { ids, gone, providers } = abandoned;
  const termsOf = new Map(providers.map((terms) => [terms.provider, terms]));
  let freed = 0;
  for (const id of ids) {
    const ledger = yield* first(queries.enforcementById({ id }));
    if (!ledger || ledger.lease_owner === null || !gone.includes(ledger.lease_owner)) continue;
    const terms = termsOf.get(ledger.provider);
    if (terms) yield* free(u, ledger, terms, abandoned);
    else yield* park(ledger);
    freed += 1;
  }
  if (freed > 0) u.due(u.now);
  return u.alarms as readonly Alarm[];
});

/** Its provider left the configuration: the row waits until it is back. */
function* park(ledger: EnforcementRow): Work<void> {
  const known = ledger.lease_call === 'apply' || ledger.lease_call === 'release' ? 'unknown' : ledger.known;
  const idle = { lease_owner: null, leased_at: null, lease_until: null, lease_call: null, known } as const;
  yield* must(queries.saveEnforcement({ ...ledger, ...idle }));
}
