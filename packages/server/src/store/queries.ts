import type { EnforcementState, OperationStatus } from '@interdict/contract';
import type { WordQuery } from '../odata/search.ts';
import type {
  ActionRow,
  DispatchPauseRow,
  EnforcementRow,
  FeedFetchRow,
  JournalRow,
  KeptOrderRow,
  Lane,
  UsedKeyRow,
  WordIndexRow,
} from './rows.ts';
import { strayQueries } from './stray-queries.ts';
import { subscriptionQueries } from './subscription-queries.ts';
import { query } from './work.ts';

type Id = { readonly id: string };

/** What a used key answers with. */
export interface KeyedAction {
  readonly id: string;
  readonly key_fingerprint: string;
  readonly key_until: number;
  readonly hold_until: number | null;
  readonly status: OperationStatus | null;
  readonly state: EnforcementState;
}

/** What tells whether an action is still what its request wanted. */
export type RequestedAction = Pick<ActionRow, 'id' | 'status' | 'state' | 'ending'>;

/** An action that a repeat made before its request came. */
export interface MadeByRepeat {
  readonly id: string;
  /** Milliseconds, as text. */
  readonly made_at: string;
  readonly is_deleted: 0 | 1;
}

/** An entity's text with what the ledger knows better at this moment. */
export interface EntityRow {
  readonly id: string;
  readonly version: number;
  readonly created_at: string;
  readonly entity: string;
  readonly seed_entity: string | null;
  readonly live_offset: number | null;
  readonly verified_at: string | null;
  /** Active holds on the effect, this action's own included; null where it holds nothing. */
  readonly holds: number | null;
  readonly hold: ActionRow['hold'];
}

/** What an action's tag is made of. */
export type TagRow = Omit<EntityRow, 'created_at' | 'entity' | 'seed_entity'>;

/** A journal entry without what only the audit asks for. */
export type ChangeRow = Pick<JournalRow, 'sequence' | 'written_at' | 'action_id' | 'event'>;

/** Where a page begins: behind this entity, in the order newest first. */
export interface PagePosition {
  readonly created_at: string;
  readonly id: string;
}

/** An action that the dispatcher may start. `joins` is 1 where its effect is in the ledger already. */
export type DueAction = Pick<ActionRow, 'id' | 'target'> & { readonly joins: 0 | 1 };

/** A place among the actions that have an end or a deadline, in their order. */
export type EndPlace = { readonly id: string; readonly end_at: number };

/** An effect as a feed lists it. */
export interface FeedEntryRow {
  readonly id: string;
  readonly target: string;
  readonly wanted_until: number;
}

/** An effect with the moments at which it came onto its feed and left it. */
export type FeedMarkRow = Pick<
  EnforcementRow,
  'id' | 'target' | 'holds' | 'wanted_until' | 'wanted_seq' | 'first_wanted_seq' | 'unwanted_seq'
>;

/** An effect of the ledger, and whether somebody wants it. */
export type EffectRow = Pick<EnforcementRow, 'id' | 'action' | 'target' | 'known' | 'holds'>;

/** An effect of which a call is, or was, under way. */
export type LeaseRow = Pick<EnforcementRow, 'id' | 'lease_owner'>;

export interface HoldRow {
  readonly id: string;
  readonly enforcement_id: string;
  readonly hold_until: number;
}

/** Which key fetches which list. */
export type FeedReader = Pick<FeedFetchRow, 'provider' | 'list' | 'key_name'>;

type EffectKey = { readonly provider: string; readonly action: string; readonly target: string };

/**
 * Every question and every change that the store knows, by name. Each one is bound to the tenant of the unit that
 * asks; `sql/statements/` has its text.
 */
export const queries = {
  // Actions
  insertAction: query<ActionRow, never>('insertAction'),
  saveAction: query<ActionRow, Id>('saveAction'),
  /** The same where nothing changes but `STANDING`. */
  saveStanding: query<ActionRow, Id>('saveStanding'),
  deleteAction: query<{ id: string; version: number }, Id>('deleteAction'),
  actionById: query<Id, ActionRow>('actionById'),
  /** Ids between two of records, and of actions that are over and have left nothing in force. */
  overActions: query<{ after: string; before: string; limit: number }, Id>('overActions'),
  actionsOn: query<{ enforcement_id: string }, ActionRow>('actionsOn'),
  newestActionOn: query<{ enforcement_id: string }, ActionRow>('newestActionOn'),
  dueActions: query<{ provider: string; now: number; limit: number }, DueAction>('dueActions'),
  endedActions: query<{ now: number; limit: number }, EndPlace>('endedActions'),
  /** Behind a place in their order: what lies before it cannot be ended now. */
  endedActionsAfter: query<EndPlace & { now: number; limit: number }, EndPlace>('endedActionsAfter'),
  /** Moves the moment at which an action is looked at, and changes nothing that anybody sees. */
  moveEnd: query<{ id: string; version: number; end_at: number }, Id>('moveEnd'),
  /** Scheduled actions whose moment has come. */
  scheduledUntil: query<{ now: number; limit: number }, Id>('scheduledUntil'),
  nextScheduled: query<Record<never, never>, { start_at: number }>('nextScheduled'),
  nextStart: query<{ provider: string }, { start_at: number }>('nextStart'),
  nextEnd: query<Record<never, never>, { end_at: number }>('nextEnd'),

  // Entities, as handed out
  entityById: query<Id, EntityRow>('entityById'),
  tagById: query<Id, TagRow>('tagById'),
  /** How long it is to be in force, where its end follows from its start. */
  ttlById: query<Id, Pick<ActionRow, 'id' | 'ttl_ms'>>('ttlById'),
  newestEntities: query<{ limit: number }, EntityRow>('newestEntities'),
  entitiesAfter: query<PagePosition & { limit: number }, EntityRow>('entitiesAfter'),

  // Keys of repeatable requests
  actionByKey: query<{ key_hash: string }, KeyedAction>('actionByKey'),
  forgetKey: query<Id, never>('forgetKey'),
  usedKey: query<{ key_hash: string }, UsedKeyRow>('usedKey'),
  insertUsedKey: query<UsedKeyRow, never>('insertUsedKey'),
  deleteUsedKey: query<{ key_hash: string }, never>('deleteUsedKey'),
  oldestUsedKey: query<Record<never, never>, { until: number }>('oldestUsedKey'),
  pruneUsedKeys: query<{ now: number; limit: number }, { key_hash: string }>('pruneUsedKeys'),

  // Requests without a key
  /** What a repeat made of a request that was not there yet. */
  madeByRepeat: query<{ key_hash: string }, MadeByRepeat>('madeByRepeat'),
  /** The newest action that such a request made among the newest on a target, since a moment. */
  requestedOn: query<{ target: string; hash: string; since: string; limit: number }, RequestedAction>('requestedOn'),
  /** The newest one that such a request made among the newest of all, from an id on. */
  requestedSince: query<{ id: string; hash: string; limit: number }, RequestedAction>('requestedSince'),

  // The ledger
  insertEnforcement: query<EnforcementRow, Id>('insertEnforcement'),
  saveEnforcement: query<EnforcementRow, Id>('saveEnforcement'),
  deleteEnforcement: query<{ id: string; version: number }, Id>('deleteEnforcement'),
  enforcementById: query<Id, EnforcementRow>('enforcementById'),
  enforcementOf: query<EffectKey, EnforcementRow>('enforcementOf'),
  holdsOn: query<{ enforcement_id: string }, { holds: number; until: number | null }>('holdsOn'),
  dueEnforcements: query<{ provider: string; lane: Lane; now: number; limit: number }, EnforcementRow>(
    'dueEnforcements',
  ),
  /** Releases that were wished after a moment, and leases in the lane of applies that ran out. */
  dueReleasesSince: query<{ provider: string; since: number; now: number; limit: number }, EnforcementRow>(
    'dueReleasesSince',
  ),
  overdueApplies: query<{ provider: string; now: number; limit: number }, EnforcementRow>('overdueApplies'),
  dueCalls: query<{ provider: string; lane: Lane; now: number; limit: number }, Id>('dueCalls'),
  /** Effects of which calls were under way when their processes died: the least suspect first. */
  dueSuspects: query<{ provider: string; lane: Lane; now: number; limit: number }, EnforcementRow>('dueSuspects'),
  /** Calls whose lease ran out, and when the next one does. */
  overdueLeases: query<{ provider: string; now: number; limit: number }, EnforcementRow>('overdueLeases'),
  nextLease: query<{ provider: string }, { due_at: number }>('nextLease'),
  nextCall: query<{ provider: string; lane: Lane }, { due_at: number }>('nextCall'),
  /** Releases of which nobody was told yet that they are late: the oldest of the next provider by name, and of one. */
  oldestRelease: query<{ after: string }, { provider: string; release_wished_at: number }>('oldestRelease'),
  nextLateRelease: query<{ provider: string; since: number }, { release_wished_at: number }>('nextLateRelease'),
  lateReleases: query<{ provider: string; since: number; until: number; limit: number }, Id>('lateReleases'),
  firstEnforcements: query<{ limit: number }, EnforcementRow>('firstEnforcements'),
  enforcementsAfter: query<Id & { limit: number }, EnforcementRow>('enforcementsAfter'),
  holdsAfter: query<{ enforcement_id: string; id: string; limit: number }, HoldRow>('holdsAfter'),
  /** Holds of all effects between two that have at most so many. */
  holdsBetween: query<{ from: string; to: string; most: number }, HoldRow>('holdsBetween'),
  effectsAfter: query<EffectKey & { limit: number }, EffectRow>('effectsAfter'),
  leasesAfter: query<Id & { limit: number }, LeaseRow>('leasesAfter'),
  unwantedCalls: query<{ owner: string }, Id>('unwantedCalls'),

  // Pauses of the dispatch
  insertPause: query<DispatchPauseRow, never>('insertPause'),
  endPause: query<{ id: string; until: number }, Id>('endPause'),
  lastingPauses: query<Record<never, never>, DispatchPauseRow>('lastingPauses'),
  /** Of the provider, or of all: those that last, or ended after `since`. */
  pausesSince: query<{ provider: string; since: number }, DispatchPauseRow>('pausesSince'),
  oldestEndedPause: query<Record<never, never>, { until: number }>('oldestEndedPause'),
  allPauses: query<Record<never, never>, Pick<DispatchPauseRow, 'since' | 'until'>>('allPauses'),
  /** Those that ended until then. */
  prunePauses: query<{ until: number; limit: number }, Id>('prunePauses'),

  // Orders of lists, kept for their next pages
  insertKeptOrder: query<KeptOrderRow, never>('insertKeptOrder'),
  keptOrder: query<Id & { chunk: number; now: number }, Pick<KeptOrderRow, 'ids'>>('keptOrder'),
  /** Behind so many that are newer. */
  keptOrderBehind: query<{ app_id: string; kept: number }, Pick<KeptOrderRow, 'until'>>('keptOrderBehind'),
  deleteKeptOrdersOf: query<{ app_id: string; until: number }, never>('deleteKeptOrdersOf'),
  oldestKeptOrder: query<Record<never, never>, { until: number }>('oldestKeptOrder'),
  deleteKeptOrders: query<{ until: number }, never>('deleteKeptOrders'),

  // The index of words
  wordIndex: query<Record<never, never>, WordIndexRow>('wordIndex'),
  saveWordIndex: query<WordIndexRow, never>('saveWordIndex'),
  /** Words of an action: a list for each of its texts. */
  saveWords: query<PagePosition & { words: readonly (readonly string[])[] }, never>('saveWords'),
  deleteWords: query<Id, never>('deleteWords'),
  /** Whatever has what is searched for, and perhaps more; something must be wanted that is not negated. */
  wordsFound: query<{ search: WordQuery; limit: number }, PagePosition>('wordsFound'),

  // The journal
  journalTypesAfter: query<{ sequence: number; limit: number }, Pick<JournalRow, 'sequence' | 'action_id' | 'type'>>(
    'journalTypesAfter',
  ),
  journalAfter: query<{ sequence: number; limit: number }, JournalRow>('journalAfter'),
  changesAfter: query<{ sequence: number; limit: number }, ChangeRow>('changesAfter'),
  /** Actions that entries behind one sequence, up to another, are of: as they are now. */
  changedEntities: query<{ after: number; until: number }, EntityRow>('changedEntities'),

  // Feeds
  feedEntries: query<{ provider: string; action: string; after: string; limit: number }, FeedEntryRow>('feedEntries'),
  feedChange: query<{ provider: string; action: string; after: number; until: number }, { sequence: number }>(
    'feedChange',
  ),
  /** Listed or not: what is not is still known until no firewall may have it. */
  feedMarks: query<{ provider: string; action: string; after: string; limit: number }, FeedMarkRow>('feedMarks'),
  feedFetches: query<{ provider: string; list: string }, FeedFetchRow>('feedFetches'),
  feedFetchesOf: query<FeedReader, FeedFetchRow>('feedFetchesOf'),
  /** Of one key, and every provider. */
  feedFetchesOfKey: query<Omit<FeedReader, 'provider'>, FeedFetchRow>('feedFetchesOfKey'),
  saveFeedFetch: query<FeedFetchRow, never>('saveFeedFetch'),
  deleteFeedFetch: query<FeedReader & Id, never>('deleteFeedFetch'),
  wakeFeedEntries: query<{ provider: string; action: string; now: number }, Id>('wakeFeedEntries'),

  ...strayQueries,
  ...subscriptionQueries,
} as const;

export type QueryName = keyof typeof queries;
