import { Refusal } from '../errors.ts';
import { NotPassed } from './handshake.ts';
import type { HandshakeBook } from './handshake-book.ts';
import type { NotifyDeps, Subscriber } from './notify-deps.ts';

const AT_ONCE = 10;
const FAILED_A_MINUTE = 30;
const MINUTE_MS = 60_000;

const tooMany = (words: string, seconds: number): Refusal =>
  new Refusal('tooManyRequests', words, {
    inner: 'limitExceeded',
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(seconds))) },
  });

function checkFailed({ failed }: HandshakeBook, key: string): void {
  const now = performance.now();
  for (const [each, times] of failed) if ((times.at(-1) ?? 0) <= now - MINUTE_MS) failed.delete(each);
  const times = (failed.get(key) ?? []).filter((at) => at > now - MINUTE_MS);
  const [oldest] = times;
  if (oldest === undefined || times.length < FAILED_A_MINUTE) return;
  const words = `${times.length} receivers of this application did not pass the validation within a minute.`;
  throw tooMany(`${words} Look at the receiver, then ask again.`, (oldest + MINUTE_MS - now) / 1_000);
}

function noteFailed({ failed }: HandshakeBook, key: string): void {
  failed.set(key, [...(failed.get(key) ?? []), performance.now()].slice(-FAILED_A_MINUTE));
}

/**
 * Nobody makes this server knock at many doors: at once, or one after the other to see which of them is one.
 * @throws {Refusal} tooManyRequests; what `shake` throws, and the refusal of a receiver that does not pass
 */
export async function withHandshake<Value>(
  { handshakes, answerWithinMs }: Pick<NotifyDeps, 'handshakes' | 'answerWithinMs'>,
  { tenantId, appId }: Pick<Subscriber, 'tenantId' | 'appId'>,
  shake: () => Promise<Value>,
): Promise<Value> {
  const key = `${tenantId} ${appId}`;
  checkFailed(handshakes, key);
  const { underWay } = handshakes;
  const count = underWay.get(tenantId) ?? 0;
  if (count >= AT_ONCE) {
    const words = `${count} receivers are being validated for this tenant. Wait until one has answered.`;
    throw tooMany(words, answerWithinMs / 1_000);
  }
  underWay.set(tenantId, count + 1);
  try {
    return await shake();
  } catch (thrown) {
    if (!(thrown instanceof NotPassed)) throw thrown;
    noteFailed(handshakes, key);
    throw thrown.refusal;
  } finally {
    const left = (underWay.get(tenantId) ?? 1) - 1;
    if (left === 0) underWay.delete(tenantId);
    else underWay.set(tenantId, left);
  }
}
