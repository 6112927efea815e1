import type { EffectLine, HistoryLine } from './records.ts';

/** An action as the server tells it in the end. */
export interface FinalAction {
  readonly id: string;
  readonly status: string;
  readonly states: readonly { readonly status: string; readonly updatedDateTime: string }[];
  readonly completedDateTime: string | null;
  readonly errorInfo?: { readonly code: number };
  readonly enforcement: {
    readonly state: string;
    readonly target: string;
    readonly expirationDateTime: string | null;
  };
}

/** An entry of the journal, as it lies in the database. */
export interface JournalLine {
  readonly actionId: string | null;
  readonly type: string;
  readonly writtenAt: number;
  readonly status?: string | undefined;
  readonly operationId?: string | undefined;
}

/** All that is known when nothing moves any more. */
export interface Evidence {
  readonly history: readonly HistoryLine[];
  readonly effects: readonly EffectLine[];
  readonly actions: readonly FinalAction[];
  readonly journal: readonly JournalLine[];
  /** Targets that the product enforces, as `ip:…`. */
  readonly inForce: readonly string[];
  /** From when to when one of the servers was ready; they may overlap. */
  readonly ready: readonly { readonly from: number; readonly to: number }[];
}

/** Jepsen's columns, and those of this trade. Each names what it counted, so that one can look. */
export interface Columns {
  readonly attempted: number;
  readonly acknowledged: number;
  readonly ok: number;
  /** Answered 201, and not there. */
  readonly lost: readonly string[];
  /** There, and never asked for. */
  readonly unexpected: readonly string[];
  /** There, though no answer ever came. */
  readonly recovered: number;
  /** One key, several actions; or several answers that name different ones. */
  readonly duplicatedByKey: readonly string[];
  /** No key, repeated after a lost answer: the contract allows it, so it is told. */
  readonly keylessRepeated: number;
  readonly keylessDuplicated: number;
  /** Applies that were sent again under the same operation. */
  readonly repeatedCalls: number;
  /** A second operation put into force what an earlier one had. */
  readonly duplicatedEffects: readonly string[];
  readonly stuck: readonly string[];
  readonly illegalTransitions: readonly string[];
  /** Cancelled with an answer, and Completed or in force all the same. */
  readonly uncancelled: readonly string[];
  /** Completed, and never applied. */
  readonly phantoms: readonly string[];
  readonly unaudited: readonly string[];
  readonly prematureReleases: readonly string[];
  readonly expired: number;
  readonly latestReleaseMs: number;
  /** Of the time from an end to its release, the most in which a server was ready. */
  readonly slowestReleaseMs: number;
  /** In force at the product, and wanted by nobody. */
  readonly zombies: readonly string[];
  /** Wanted and said to be in force, and not there. */
  readonly missing: readonly string[];
}
