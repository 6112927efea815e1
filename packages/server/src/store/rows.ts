import type { EnforcementState, OperationStatus, ResultInfo, VerificationLevel } from '@interdict/contract';

/**
 * Whether an action counts among those that want its effect. `waiting`: until it is known who put the effect in
 * force first. `ended`: no more, and its release is awaited.
 */
export type HoldState = 'none' | 'waiting' | 'active' | 'ended';

/**
 * A securityAction with all that belongs to it alone: its text as handed out, its lifecycle, its hold and the key
 * under which it was asked for. Times of day are ISO 8601 text; times that something is due are milliseconds, UTC.
 */
export interface ActionRow {
  readonly id: string;
  /** Raised by every visible change: the opaque part of the ETag. */
  readonly version: number;
  /** UTC, seven fraction digits: text order is time order. */
  readonly created_at: string;
  readonly status: OperationStatus | null;
  readonly state: EnforcementState;
  readonly app_id: string;
  readonly user_name: string | null;
  /** Canonical names and target; null for a record. */
  readonly provider: string | null;
  readonly action: string | null;
  readonly target: string | null;
  /** The property of that name, for its index; null too where no index could hold it. */
  readonly client_context: string | null;
  /** The entity as `/beta` gives it, without `@odata.context`. */
  readonly entity: string;
  /** The entity as the seed roots give it, where that differs: records. */
  readonly seed_entity: string | null;
  /** Where `"verifiedDateTime"` stands in the text while the ledger's own value is the true one; else null. */
  readonly live_offset: number | null;
  /** The ledger row that this action holds, or whose release it awaits. */
  readonly enforcement_id: string | null;
  readonly hold: HoldState;
  readonly ttl_ms: number | null;
  readonly hold_until: number | null;
  /** By when it must have been carried out. */
  readonly deadline_at: number | null;
  /** When the dispatcher may start it; null once it was. */
  readonly start_at: number | null;
  /** When it must be looked at although nothing happened: its end, or its deadline. */
  readonly end_at: number | null;
  /** As what it fails once its release is known: JSON of an {@link Ending}. */
  readonly ending: string | null;
  /** Of its request, where that had no key: by it a repeat is known as one. */
  readonly request_hash: string | null;
  /** The key of its request; without one, the hash of a request that a repeat of itself made. */
  readonly key_hash: string | null;
  readonly key_fingerprint: string | null;
  readonly key_until: number | null;
}

/** What changes most often, alone: how an action stands, and its text that says so. */
export const STANDING: ReadonlySet<keyof ActionRow> = new Set([
  ...(['status', 'state', 'entity', 'live_offset', 'key_until'] as const),
]);

/** The failure that an action is bound for while its effect is still being taken back. */
export interface Ending {
  readonly result: ResultInfo;
  /** Who asked for it; null where the server itself did. */
  readonly by: { readonly appId: string; readonly user: string | null } | null;
}

/** What is known of an effect at its product. `drifted`: it was in force, and was found gone. */
export type Knowledge = 'absent' | 'unknown' | 'inForce' | 'drifted';

/** `look`: before our first intent, who put the effect in force. `verify`: is it, now. */
export type CallKind = 'look' | 'apply' | 'release' | 'verify';

/** Which queue of the dispatcher a ledger row waits in: releases have slots of their own. */
export const LANES = { release: 0, apply: 1, verify: 2 } as const;
export type Lane = (typeof LANES)[keyof typeof LANES];

/**
 * The ledger: one effect (provider, action, target) that is wanted, or not yet known to be gone. It carries the
 * one call that may be under way, the fence that guards its outcome, and all that is known of the effect.
 */
export interface EnforcementRow {
  readonly id: string;
  readonly version: number;
  readonly provider: string;
  readonly action: string;
  readonly target: string;
  readonly known: Knowledge;
  /** The product has accepted the operation and not said that it is done. 2: so far nothing of it landed anywhere. */
  readonly answered_pending: 0 | 1 | 2;
  /** Actions whose hold is active. */
  readonly holds: number;
  /** The latest end among them. */
  readonly wanted_until: number | null;
  /** The end that the product was last told. */
  readonly told_until: number | null;
  /** The earliest end that an apply told which may still land, or land again, behind the last one: until {@link settles_at}. */
  readonly lost_until: number | null;
  readonly level: VerificationLevel;
  readonly verified_at: string | null;
  /** 1 once it is decided who put the effect in force first. */
  readonly looked: 0 | 1;
  readonly preexisting: 0 | 1;
  /** 1 once an apply was committed for a product that can be listed: what turns up there later may be ours. */
  readonly was_sent: 0 | 1;
  readonly operation: 'apply' | 'release' | null;
  readonly operation_id: string | null;
  readonly attempt: number;
  /** When the operation's first attempt was committed. */
  readonly operation_at: number | null;
  /** Since when nobody wants the effect any more. */
  readonly release_wished_at: number | null;
  readonly release_failed: 0 | 1;
  /** Until when an apply of unknown outcome may still land. */
  readonly settles_at: number | null;
  /** Until when a release of unknown outcome may still land: no apply is sent before. */
  readonly unanswered_until: number | null;
  /** How often the product took it and was then read back without it. */
  readonly disproved: number;
  /** Calls in a row that brought nothing new: the exponent of the next delay. */
  readonly stalls: number;
  /** Calls in a row that were under way when their process died: since the last one that ended. */
  readonly abandoned: number;
  readonly drift_count: number;
  readonly drift_at: string | null;
  /** Drifts one soon after another: the product, or somebody at it, fights the effect. */
  readonly drift_run: number;
  readonly last_message: string | null;
  readonly last_subcode: number;
  /** What its connector asked to be kept; null: nothing. */
  readonly note: string | null;
  /** Sequences at which it was last wanted, first wanted since it was known to be gone, and last unwanted. */
  readonly wanted_seq: number | null;
  readonly first_wanted_seq: number | null;
  readonly unwanted_seq: number | null;
  readonly fence: number;
  readonly lease_owner: string | null;
  readonly leased_at: number | null;
  readonly lease_until: number | null;
  /** The call under way: while it is a write, nobody knows what is in force. */
  readonly lease_call: CallKind | null;
  readonly lane: Lane;
  readonly due_at: number | null;
}

/** One committed change: the event of the stream and of delta, and the record of the audit, in commit order. */
export interface JournalRow {
  /** Per tenant, without gaps, in commit order. */
  readonly sequence: number;
  readonly written_at: string;
  readonly action_id: string | null;
  /** Null where the change is for the audit alone. */
  readonly event: 'created' | 'updated' | 'deleted' | null;
  readonly type: string;
  /** JSON of actor, request id, source address and details. */
  readonly content: string;
}

/** `brokenOff`: how much of it arrived, if anything, nobody knows. */
export type FeedFetchState = 'underWay' | 'got' | 'brokenOff';

/** One fetch of a list by a feed key, from before its version is read until a later one has taken its place. */
export interface FeedFetchRow {
  readonly id: string;
  readonly provider: string;
  readonly list: string;
  readonly key_name: string;
  readonly state: FeedFetchState;
  /** Higher than that of every fetch of the key that had begun before. */
  readonly number: number;
  /** The highest number when it was over: a fetch with a higher one began later. Null while it is under way. */
  readonly over_at_number: number | null;
  /** Journal sequences between which its version was read: one and the same once that is known. Null: no end is known. */
  readonly since: number;
  readonly sequence: number | null;
  /** Digest of the body. */
  readonly version: string | null;
  readonly begun_at: number;
  /** When it was there, whole. */
  readonly got_at: number | null;
}

/** The key of an action that was deleted, kept so that a repeat is told so. */
export interface UsedKeyRow {
  readonly key_hash: string;
  readonly fingerprint: string;
  readonly action_id: string;
  readonly until: number;
}

/** `stopped`: by somebody. `restored`: out of a backup, so that nobody knows what was done since. */
export type PauseKind = 'stopped' | 'restored';

/**
 * Nothing is applied for the tenant at a provider meanwhile. While it is `restored`, nothing is taken back either at its
 * end, and no drift is repaired. It stays when it is over: what it took does not count towards a deadline.
 */
export interface DispatchPauseRow {
  readonly id: string;
  /** Empty: all of them. */
  readonly provider: string;
  readonly kind: PauseKind;
  readonly reason: string;
  /** Who asked for it. */
  readonly app_id: string;
  readonly user_name: string | null;
  readonly since: number;
  /** Null while it lasts. */
  readonly until: number | null;
}

/** An effect that we had put in force at a product, and that is over: its ledger row is gone. */
export interface PastEffectRow {
  readonly provider: string;
  readonly action: string;
  readonly target: string;
  /** Its ledger row was this: the audit tells of it. */
  readonly enforcement_id: string;
  readonly released_at: number;
}

/** An entry that a product lists as ours, and that nobody here wants. */
export interface StrayRow {
  readonly id: string;
  readonly provider: string;
  readonly action: string;
  readonly target: string;
  /** 1 where we had put it there and released it: it is taken back as soon as that may be. */
  readonly was_ours: 0 | 1;
  /** When it was first listed. */
  readonly seen_at: number;
}

/** A piece of the order in which a list was found. */
export interface KeptOrderRow {
  readonly id: string;
  readonly chunk: number;
  readonly app_id: string;
  /** Ids of actions, a blank between two. */
  readonly ids: string;
  readonly until: number;
}

/** How far the index of words has come. */
export interface WordIndexRow {
  /** Of the last journal entry whose words are in it. */
  readonly sequence: number;
}
