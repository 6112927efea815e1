import type { ActionRow, DispatchPauseRow, EnforcementRow, FeedFetchRow, PastEffectRow, StrayRow } from '../../rows.ts';
import type { DeliveryRow, SubscriptionRow } from '../../subscription-rows.ts';

/** Columns of a row; a column that is missing here does not compile. */
const columnsOf = <Row>(columns: Readonly<Record<keyof Row & string, true>>): (keyof Row & string)[] =>
  Object.keys(columns) as (keyof Row & string)[];

export const ACTION_COLUMNS = columnsOf<ActionRow>({
  id: true,
  version: true,
  created_at: true,
  status: true,
  state: true,
  app_id: true,
  user_name: true,
  provider: true,
  action: true,
  target: true,
  client_context: true,
  entity: true,
  seed_entity: true,
  live_offset: true,
  enforcement_id: true,
  hold: true,
  ttl_ms: true,
  hold_until: true,
  deadline_at: true,
  start_at: true,
  end_at: true,
  ending: true,
  request_hash: true,
  key_hash: true,
  key_fingerprint: true,
  key_until: true,
});

export const ENFORCEMENT_COLUMNS = columnsOf<EnforcementRow>({
  id: true,
  version: true,
  provider: true,
  action: true,
  target: true,
  known: true,
  answered_pending: true,
  holds: true,
  wanted_until: true,
  told_until: true,
  lost_until: true,
  level: true,
  verified_at: true,
  looked: true,
  preexisting: true,
  was_sent: true,
  operation: true,
  operation_id: true,
  attempt: true,
  operation_at: true,
  release_wished_at: true,
  release_failed: true,
  settles_at: true,
  unanswered_until: true,
  disproved: true,
  stalls: true,
  abandoned: true,
  drift_count: true,
  drift_at: true,
  drift_run: true,
  last_message: true,
  last_subcode: true,
  note: true,
  wanted_seq: true,
  first_wanted_seq: true,
  unwanted_seq: true,
  fence: true,
  lease_owner: true,
  leased_at: true,
  lease_until: true,
  lease_call: true,
  lane: true,
  due_at: true,
});

export const FEED_FETCH_COLUMNS = columnsOf<FeedFetchRow>({
  id: true,
  provider: true,
  list: true,
  key_name: true,
  state: true,
  number: true,
  over_at_number: true,
  since: true,
  sequence: true,
  version: true,
  begun_at: true,
  got_at: true,
});

export const PAUSE_COLUMNS = columnsOf<DispatchPauseRow>({
  id: true,
  provider: true,
  kind: true,
  reason: true,
  app_id: true,
  user_name: true,
  since: true,
  until: true,
});

export const PAST_EFFECT_COLUMNS = columnsOf<PastEffectRow>({
  provider: true,
  action: true,
  target: true,
  enforcement_id: true,
  released_at: true,
});

export const STRAY_COLUMNS = columnsOf<StrayRow>({
  id: true,
  provider: true,
  action: true,
  target: true,
  was_ours: true,
  seen_at: true,
});

export const SUBSCRIPTION_COLUMNS = columnsOf<SubscriptionRow>({
  id: true,
  version: true,
  app_id: true,
  slot: true,
  is_removed: true,
  content: true,
  secrets: true,
  host: true,
  expires_at: true,
  reauthorize_at: true,
  cursor: true,
  delivery_id: true,
  failing: true,
  wake_at: true,
  lease_owner: true,
  lease_until: true,
});

export const DELIVERY_COLUMNS = columnsOf<DeliveryRow>({
  id: true,
  subscription_id: true,
  kind: true,
  state: true,
  first_sequence: true,
  last_sequence: true,
  notices: true,
  attempts: true,
  attempt_count: true,
  failing_since: true,
  created_at: true,
  next_at: true,
  is_again: true,
});

/** The values of a row's columns, taken from a statement's arguments, for `insert` or `set`. */
export function pick<Args extends object, Column extends keyof Args & string>(
  argument: Args,
  columns: readonly Column[],
): Pick<Args, Column> {
  return Object.fromEntries(columns.map((column) => [column, argument[column]])) as Pick<Args, Column>;
}
