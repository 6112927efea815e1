import { toDateTime } from '../../lib/date-time.ts';
import type { ActionRow, EnforcementRow } from '../rows.ts';

let made = 0;

/** An id that sorts by the order of making, as the server's own do. */
export function anId(): string {
  made += 1;
  return `0190${made.toString(16).padStart(4, '0')}-0000-7000-8000-${process.pid.toString(16).padStart(12, '0')}`;
}

/** A row of an action that waits for the dispatcher. */
export function anActionRow(differences: Partial<ActionRow> = {}): ActionRow {
  return {
    id: anId(),
    version: 1,
    created_at: toDateTime(1_767_225_600_000 + made),
    status: 'NotStarted',
    state: 'pending',
    app_id: 'app',
    user_name: null,
    provider: 'edge',
    action: 'BlockIp',
    target: 'ip:203.0.113.9',
    client_context: null,
    entity: '{"id":"x"}',
    seed_entity: null,
    live_offset: null,
    enforcement_id: null,
    hold: 'none',
    ttl_ms: 86_400_000,
    hold_until: null,
    deadline_at: null,
    start_at: 0,
    end_at: null,
    ending: null,
    request_hash: null,
    key_hash: null,
    key_fingerprint: null,
    key_until: null,
    ...differences,
  };
}

/** A ledger row of an effect that is wanted and not yet in force. */
export function anEnforcementRow(differences: Partial<EnforcementRow> = {}): EnforcementRow {
  return {
    id: anId(),
    version: 1,
    provider: 'edge',
    action: 'BlockIp',
    target: 'ip:203.0.113.9',
    known: 'absent',
    answered_pending: 0,
    holds: 1,
    wanted_until: 1,
    told_until: null,
    lost_until: null,
    level: 'accepted',
    verified_at: null,
    looked: 0,
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
    lane: 1,
    due_at: 0,
    ...differences,
  };
}
