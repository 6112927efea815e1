import type { Answer, Call, Presence } from '../connector.ts';

/** One call that an agent makes in the server's place, as `POST /security/work/lease` gives it. */
export interface AgentWork {
  /** Names this lease: to be given back as it is. */
  readonly id: string;
  /** `look` and `verify` look, and change nothing. */
  readonly kind: 'look' | 'apply' | 'release' | 'verify';
  /** How long the lease lasts, from the moment at which it was asked for. */
  readonly leaseSeconds: number;
  /** How long the call may take. */
  readonly timeoutSeconds: number;
  /** An earlier write of the effect had an unknown outcome: a refusal is to be looked at too. */
  readonly inDoubt: boolean;
  readonly call: Call;
}

/** How a call went: the answer to a write, and the look behind it; of `look` and `verify` the look alone. */
export interface WorkReport {
  readonly answer?: Answer;
  readonly presence?: Presence;
}
