import type { Answer, Call, Presence } from '@interdict/connectors';
import type { CallKind } from '../store/rows.ts';

/** A call whose intent is committed: the only way to a provider. */
export interface LeasedCall {
  readonly enforcementId: string;
  /** Guards the outcome: a write under an older fence is refused. */
  readonly fence: number;
  readonly provider: string;
  readonly kind: CallKind;
  /** An apply or release of this effect had an unknown outcome before. */
  readonly inDoubt: boolean;
  /** Calls of it were under way when processes died: it is made beside no other such one. */
  readonly isSuspect: boolean;
  readonly call: Call;
}

/** What a leased call brought: the answer to a write, the look that followed it or stood alone. */
export interface CallResult {
  readonly answer?: Answer;
  readonly presence?: Presence;
  /** The guard-rails forbid it by now: nothing was sent, and this says why. */
  readonly protection?: string;
}
