import type { CallResult, LeasedCall } from '../../packages/server/src/dispatch/call-result.ts';
import type { Terms } from '../../packages/server/src/dispatch/terms.ts';
import type { ActionRow, EnforcementRow, PastEffectRow, StrayRow } from '../../packages/server/src/store/rows.ts';

/** The rows of one tenant that has one effect: what the real units of work read and write. */
export interface Rows {
  readonly actions: readonly ActionRow[];
  readonly ledger: EnforcementRow | undefined;
  readonly past: PastEffectRow | undefined;
  readonly stray: StrayRow | undefined;
  /** When the tenant is due: a process that hears no hint looks no sooner. */
  readonly dueAt: number | null;
  /** Ids given so far. */
  readonly ids: number;
}

/** A write on its way to the product. What becomes of it does not depend on whether anybody waits. */
export interface Message {
  readonly kind: 'apply' | 'release';
  readonly key: string;
  /** It lands before, or never. */
  readonly until: number;
  /** The product has answered "pending": while that is known here and asked about, it takes what time it likes. */
  readonly isJob: boolean;
}

/** `checked`: it will be sent, whatever happens meanwhile. `done`: answered, and to be read back. `over`: to be settled. */
export type Stage = 'leased' | 'checked' | 'sent' | 'done' | 'over';

/** A call that a process holds. */
export interface HeldCall {
  readonly leased: LeasedCall;
  readonly stage: Stage;
  readonly askedAt: number;
  readonly sentAt: number;
  readonly message: Message | undefined;
  readonly result: CallResult;
  readonly lookedAt: number;
  /** The end that it tells the product. */
  readonly toldUntil: number;
  /** The store had the intent when it was sent, or will have: see the control that sends first. */
  readonly isIntended: boolean;
  /** The rows as they were at the lease: only for the control that writes them back. */
  readonly rows: readonly ActionRow[] | undefined;
}

export interface Worker {
  readonly isPaused: boolean;
  readonly calls: readonly HeldCall[];
}

/** What the product enforces: keys of our entries, and whether a stranger's is there. */
export interface Product {
  readonly ours: readonly string[];
  readonly foreign: boolean;
  /** Operations that it knows: a repeat does nothing. */
  readonly handled: readonly string[];
}

/** How often something may still go wrong, or be asked for. */
export interface Budget {
  readonly crashes: number;
  readonly pauses: number;
  /** Pauses between the last check and the sending: no time bounds what follows. */
  readonly gaps: number;
  /** Calls of which the process forgets what came: the store was away. */
  readonly drops: number;
  readonly lost: number;
  readonly refused: number;
  readonly unavailable: number;
  readonly pending: number;
  readonly strangers: number;
  readonly cancels: number;
  readonly creates: number;
}

export interface State extends Rows {
  readonly now: number;
  readonly workers: readonly Worker[];
  /** Nobody waits for these any more. */
  readonly late: readonly Message[];
  readonly product: Product;
  /** When a list was asked for that showed an entry that nobody wants. */
  readonly listedAt: number | undefined;
  /** A call was sent by a process that stood still behind its last check. */
  readonly hadZombie: boolean;
  readonly budget: Budget;
}

/** What a repeated apply does at the product. */
export type Idempotence = 'native' | 'setlike' | 'none';

/** What is explored: one effect at one product, so many actions, and what may go wrong. */
export interface Scenario {
  readonly name: string;
  readonly terms: Terms;
  readonly idempotence: Idempotence;
  readonly ttlMs: number;
  readonly deadlineMs: number;
  readonly budget: Budget;
  /** Time also passes by so much where nothing becomes due. */
  readonly grainMs?: number;
}

/** A fault that is built into the wiring between the real parts, so that it is seen that it would be found. */
export type Fault =
  | 'noFence'
  | 'noSettleWindow'
  | 'noSettleNoReadBack'
  | 'noReadBack'
  | 'sendBeforeIntent'
  | 'keyPerAttempt'
  | 'repeatsUnsafely'
  | 'silenceIsDone'
  | 'staleRowsWritten'
  | 'cancelReadsAtOnce'
  | 'leaseNeverEnds'
  | 'lostReleaseForgotten'
  | 'neverListed';

export interface Model {
  readonly scenario: Scenario;
  readonly fault: Fault | undefined;
}

/** What may happen next. `isCalm`: by itself, with no fault and no request. */
export interface Step {
  readonly label: string;
  readonly isCalm: boolean;
  readonly to: State;
  /** Which promise the step breaks. */
  readonly broken?: string | undefined;
}
