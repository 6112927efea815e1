import type { Answer, Connector, Presence } from '@interdict/connectors';
import type { CallResult, LeasedCall } from './call-result.ts';

/** How long after its time-out a connector may take to notice. */
const GRACE_MS = 1_000;

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

interface Unknown {
  readonly kind: 'unknown';
  readonly message: string;
}

/**
 * Whatever a connector throws, and however long it stays silent: the outcome is unknown, not failed. One controller and
 * one timer a call: a signal of `AbortSignal.timeout` lives on behind every call that was quick.
 */
async function within<Value>(
  timeoutMs: number,
  stop: AbortSignal,
  call: (signal: AbortSignal) => Promise<Value>,
): Promise<Value | Unknown> {
  const abort = new AbortController();
  let giveUp: (outcome: Unknown) => void = () => undefined;
  const silence = new Promise<Unknown>((resolve) => {
    giveUp = resolve;
  });
  let timer: NodeJS.Timeout | undefined;
  const end = (message: string): void => {
    clearTimeout(timer);
    abort.abort(new Error(message));
    timer = setTimeout(() => giveUp({ kind: 'unknown', message }), GRACE_MS);
  };
  const onStop = (): void => end(messageOf(stop.reason));
  timer = setTimeout(() => end(`No answer within ${timeoutMs / 1_000} s.`), timeoutMs);
  stop.addEventListener('abort', onStop, { once: true });
  try {
    if (stop.aborted) onStop();
    return await Promise.race([call(abort.signal), silence]);
  } catch (thrown) {
    return { kind: 'unknown', message: messageOf(thrown) };
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
  }
}

/** A write is read back where it claims to be done, and where a refusal leaves an earlier attempt in doubt. */
const wantsReadBack = ({ kind, inDoubt }: LeasedCall, answer: Answer): boolean =>
  answer.kind === 'done' || (kind === 'apply' && answer.kind === 'refused' && inDoubt);

/** Makes one leased call, and the look behind it. Never throws: whatever happens is a result. */
export async function runCall(
  connector: Connector,
  leased: LeasedCall,
  timeoutMs: number,
  stop: AbortSignal,
): Promise<CallResult> {
  const { kind, call } = leased;
  const look = (): Promise<Presence> =>
    within(timeoutMs, stop, async (signal): Promise<Presence> => {
      if (!connector.verify) throw new Error('The connector cannot look.');
      return await connector.verify(call, signal);
    });
  if (kind === 'look' || kind === 'verify') return { presence: await look() };
  const write = kind === 'apply' ? connector.apply : connector.release;
  const answer = await within(timeoutMs, stop, (signal) => write.call(connector, call, signal));
  if (connector.traits.probe === 'none' || !wantsReadBack(leased, answer)) return { answer };
  return { answer, presence: await look() };
}
