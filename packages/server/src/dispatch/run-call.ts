import type { Answer, Connector, Presence } from '@interdict/connectors';
import { failpoint } from '../lib/failpoint.ts';
import type { Timers } from '../lib/timers.ts';
import type { CallResult, LeasedCall } from './call-result.ts';

/** How long after its time-out a connector may take to notice. */
const GRACE_MS = 1_000;

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** Who is called, and how long that may take. */
export interface Caller {
  readonly connector: Connector;
  readonly timers: Timers;
  readonly timeoutMs: number;
}

/** What of a leased call its making takes. */
export type WhatIsCalled = Pick<LeasedCall, 'kind' | 'inDoubt' | 'call'>;

interface Unknown {
  readonly kind: 'unknown';
  readonly message: string;
}

/**
 * Whatever a connector throws, and however long it stays silent: the outcome is unknown, not failed. One controller and
 * one timer a call: a signal of `AbortSignal.timeout` lives on behind every call that was quick.
 */
async function within<Value>(
  { timers, timeoutMs }: Caller,
  stop: AbortSignal,
  call: (signal: AbortSignal) => Promise<Value>,
): Promise<Value | Unknown> {
  const abort = new AbortController();
  let giveUp: (outcome: Unknown) => void = () => undefined;
  const silence = new Promise<Unknown>((resolve) => {
    giveUp = resolve;
  });
  const end = (message: string): void => {
    clear();
    abort.abort(new Error(message));
    clear = timers.after(GRACE_MS, () => giveUp({ kind: 'unknown', message }));
  };
  const onStop = (): void => end(messageOf(stop.reason));
  let clear = timers.after(timeoutMs, () => end(`No answer within ${timeoutMs / 1_000} s.`));
  stop.addEventListener('abort', onStop, { once: true });
  try {
    if (stop.aborted) onStop();
    return await Promise.race([call(abort.signal), silence]);
  } catch (thrown) {
    return { kind: 'unknown', message: messageOf(thrown) };
  } finally {
    clear();
    stop.removeEventListener('abort', onStop);
  }
}

/** A write is read back where it claims to be done, and where a refusal leaves an earlier attempt in doubt. */
const wantsReadBack = ({ kind, inDoubt }: WhatIsCalled, answer: Answer): boolean =>
  answer.kind === 'done' || (kind === 'apply' && answer.kind === 'refused' && inDoubt);

async function apply(connector: Connector, { call }: WhatIsCalled, signal: AbortSignal): Promise<Answer> {
  failpoint('call.beforeSend');
  const answered = connector.apply(call, signal);
  failpoint('call.sent');
  const answer = await answered;
  failpoint('call.answered');
  return answer;
}

async function release(connector: Connector, { call }: WhatIsCalled, signal: AbortSignal): Promise<Answer> {
  failpoint('release.beforeSend');
  const answered = connector.release(call, signal);
  failpoint('release.sent');
  const answer = await answered;
  failpoint('release.answered');
  return answer;
}

const write = (connector: Connector, leased: WhatIsCalled, signal: AbortSignal): Promise<Answer> =>
  leased.kind === 'apply' ? apply(connector, leased, signal) : release(connector, leased, signal);

const MOST_NOTE = 1_000;

/** A note that cannot be kept whole would be another one. */
function noted<Said extends Answer | Presence>(said: Said): Said {
  if ('note' in said && (said.note?.length ?? 0) > MOST_NOTE) {
    throw new Error(`The connector's note is longer than ${MOST_NOTE} characters.`);
  }
  return said;
}

/** Makes one leased call, and the look behind it. Never throws: whatever happens is a result. */
export async function runCall(caller: Caller, leased: WhatIsCalled, stop: AbortSignal): Promise<CallResult> {
  const { connector } = caller;
  const { kind, call } = leased;
  const look = (): Promise<Presence> =>
    within(caller, stop, async (signal): Promise<Presence> => {
      if (!connector.verify) throw new Error('The connector cannot look.');
      return noted(await connector.verify(call, signal));
    });
  if (kind === 'look' || kind === 'verify') return { presence: await look() };
  const answer = await within(caller, stop, async (signal) => noted(await write(connector, leased, signal)));
  if (connector.traits.probe === 'none' || !wantsReadBack(leased, answer)) return { answer };
  const presence = await look();
  failpoint('call.looked');
  return { answer, presence };
}
