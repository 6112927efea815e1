import { type EnforcementRow, LANES } from '../store/rows.ts';
import type { UnitContext } from '../store/work.ts';
import { looksFirst, type Terms } from './terms.ts';

export type EffectName = Pick<EnforcementRow, 'action' | 'target'>;

/** The ledger row of an effect of which nothing is known yet, due at once. */
export function freshLedger(u: UnitContext, { action, target }: EffectName, terms: Terms): EnforcementRow {
  return {
    id: u.newId(),
    version: 1,
    provider: terms.provider,
    action,
    target,
    known: 'absent',
    answered_pending: 0,
    holds: 0,
    wanted_until: null,
    told_until: null,
    lost_until: null,
    level: terms.verification,
    verified_at: null,
    looked: looksFirst(terms) ? 0 : 1,
    preexisting: 0,
    was_sent: 0,
    operation: null,
    operation_id: null,
    attempt: 0,
    operation_at: null,
    release_wished_at: null,
    release_failed: 0,
    settles_at: null,
    unanswered_until: null,
    disproved: 0,
    stalls: 0,
    abandoned: 0,
    drift_count: 0,
    drift_at: null,
    drift_run: 0,
    last_message: null,
    last_subcode: 0,
    note: null,
    wanted_seq: null,
    first_wanted_seq: null,
    unwanted_seq: null,
    fence: 0,
    lease_owner: null,
    leased_at: null,
    lease_until: null,
    lease_call: null,
    lane: LANES.apply,
    due_at: u.now,
  };
}
