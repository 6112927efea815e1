/** One stream of requests of one tenant. */
export interface Stream {
  readonly name: string;
  readonly token: string;
  /** Each at its due time, whatever became of those before; absent: the next as soon as one is answered. */
  readonly perSecond?: number;
  /** How many may be open at once. What is due while all of them wait for an answer is not sent. */
  readonly connections: number;
  readonly seconds: number;
  /** Cancels of these, or POSTs of targets from this number on. */
  readonly sent: { readonly cancel: readonly string[] } | { readonly firstIndex: number };
}

export interface LoadPlan {
  readonly host: string;
  readonly port: number;
  readonly provider: string;
  readonly streams: readonly Stream[];
}

/** What became of a request. `broken`: the connection ended without an answer, so that nobody knows. */
export type Fate = 'ok' | 'refused' | 'wrong' | 'broken';

export interface Sent {
  readonly index: number;
  /** From the beginning of the stream. */
  readonly dueMs: number;
  readonly doneMs: number;
  readonly fate: Fate;
  /** Of an action that was made. */
  readonly id?: string;
  /** What was wrong about it. */
  readonly words?: string;
}

export interface StreamResult {
  readonly name: string;
  /** Due, with those that no connection was free for. */
  readonly due: number;
  readonly sent: readonly Sent[];
  /** By how much the sender itself was late at most, for want of a processor: that is in what its requests took. */
  readonly senderLateMs: number;
}
