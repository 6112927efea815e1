import type { Answer, Connector, Presence } from '@interdict/connectors';
import type { CallResult, LeasedCall } from './call-result.ts';

/** How long after its time-out a connector may take to notice. */
const GRACE_MS = 1_000;

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** Whatever a connector throws, and however long it stays silent: the outcome is unknown, not failed. */
async function within<Value>(
  timeoutMs: number,
  stop: AbortSignal,
  call: (signal: AbortSignal) => Promise<Value>,
): Promise<Value | { readonly kind: 'unknown'; readonly message: string }> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<{ kind: 'unknown'; message: string }>((resolve) => {
    const seconds = timeoutMs / 1_000;
    const giveUp = (): void => resolve({ kind: 'unknown', message: `No answer within ${seconds} s.` });
    timer = setTimeout(giveUp, timeoutMs + GRACE_MS);
    signal.addEventListener('abort', () => setTimeout(giveUp, GRACE_MS).unref(), { once: true });
  });
  try {
    return await Promise.race([call(signal), silence]);
  } catch (thrown) {
    return { kind: 'unknown', message: messageOf(thrown) };
  } finally {
    clearTimeout(timer);
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
