import { Refusal } from '../errors.ts';
import type { Timers } from '../lib/timers.ts';

/** How long a repeat waits for the first request under its key. */
const PATIENCE_MS = 2_000;

/** Keys whose first request is not yet answered, in this process. */
export type KeysInFlight = Map<string, Promise<unknown>>;

/**
 * Runs a request under its key; another under the same key waits for it first.
 * @throws {Refusal} requestInProgress when that takes longer than two seconds
 */
export async function underKey<Value>(
  { keysInFlight: inFlight, timers }: { readonly keysInFlight: KeysInFlight; readonly timers: Timers },
  key: string,
  run: () => Promise<Value>,
): Promise<Value> {
  for (let first = inFlight.get(key); first; first = inFlight.get(key)) await waitFor(timers, first);
  const mine = run().finally(() => inFlight.delete(key));
  inFlight.set(
    key,
    mine.catch(() => undefined),
  );
  return await mine;
}

async function waitFor(timers: Timers, first: Promise<unknown>): Promise<void> {
  let clear = (): void => undefined;
  const tooLong = new Promise<'tooLong'>((resolve) => {
    clear = timers.after(PATIENCE_MS, () => resolve('tooLong'));
  });
  const outcome = await Promise.race([first, tooLong]);
  clear();
  if (outcome !== 'tooLong') return;
  const message = 'The first request under this key is not answered yet. Ask again in a moment, with the same key.';
  throw new Refusal('conflict', message, { inner: 'requestInProgress', headers: { 'Retry-After': '1' } });
}
