import { queries } from '../../store/queries.ts';
import type { EnforcementRow } from '../../store/rows.ts';
import { first, must, unit, type Work } from '../../store/work.ts';
import { leaseMs } from '../lease-call.ts';
import { type Settled, type Settlement, settleUnder } from '../settle-call.ts';
import type { Terms } from '../terms.ts';

/** A lease that an agent says it has. */
export interface HeldWork {
  readonly enforcementId: string;
  readonly fence: number;
  readonly owner: string;
  readonly terms: Terms;
}

/** The ledger row where the lease stands, of this agent and at this provider. */
function* heldBy({ enforcementId, fence, owner, terms }: HeldWork): Work<EnforcementRow | undefined> {
  const ledger = yield* first(queries.enforcementById({ id: enforcementId }));
  const isHeld =
    ledger?.fence === fence &&
    ledger.lease_call !== null &&
    ledger.lease_owner === owner &&
    ledger.provider === terms.provider;
  return isHeld ? ledger : undefined;
}

/** How a call of an agent went, under its lease: settled as any other call. `held` is false where the lease is lost. */
export const completeWork = unit('dispatch.completeWork', function* (u, settlement: Settlement) {
  const ledger = yield* heldBy(settlement);
  if (!ledger) return { held: false, dueAt: null } as Settled;
  return yield* settleUnder(u, settlement);
});

export interface Renewed {
  /** The call is of use still: where it is not, it is broken off and reported as such. */
  readonly isWanted: boolean;
}

/** Prolongs a lease, if its call is wanted still. Undefined where it is lost. */
export const renewWork = unit('dispatch.renewWork', function* (u, held: HeldWork) {
  const ledger = yield* heldBy(held);
  if (!ledger) return undefined;
  const isWanted = ledger.lease_call === 'look' || ledger.lease_call === 'release' || ledger.holds > 0;
  // What nobody wants is not held any longer: its release waits for it.
  if (!isWanted) return { isWanted } as Renewed;
  const until = u.now + leaseMs(held.terms);
  yield* must(queries.saveEnforcement({ ...ledger, lease_until: until, due_at: until }));
  u.due(until);
  return { isWanted } as Renewed;
});
