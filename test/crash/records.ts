/** One line of the recording client: a request before it is sent, and what came of it. */
export type Invoked = {
  readonly at: number;
  readonly kind: 'invoke';
  readonly op: number;
  readonly verb: 'create' | 'cancel' | 'get';
  readonly target: string;
  /** Of the action, for what is done to one. */
  readonly id?: string;
  readonly key?: string;
  readonly ttlMs?: number;
  /** From 1; a repeat after a lost answer is a request of its own under the same number. */
  readonly attempt: number;
};

/** `info`: no answer came, so nobody knows. `fail`: refused, so that nothing was done. */
export type Ended = {
  readonly at: number;
  readonly kind: 'ok' | 'fail' | 'info';
  readonly op: number;
  readonly attempt: number;
  readonly httpStatus?: number;
  readonly id?: string;
  readonly status?: string;
  readonly state?: string;
};

export type HistoryLine = Invoked | Ended;

/** One line of the provider: a call as it came, or an effect as it took place. */
export type EffectLine = {
  readonly at: number;
  readonly kind: 'call' | 'effect';
  readonly verb: 'apply' | 'release' | 'verify';
  readonly operationId: string;
  readonly target: string;
  readonly manner: string;
};

/** What the rig says to the client, as a line on its input. */
export type ClientOrder = 'load' | 'calm' | 'finish';
export type ProviderOrder = 'bad' | 'good';
