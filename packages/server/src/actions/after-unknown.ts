import { Refusal } from '../errors.ts';
import { type Timers, wait } from '../lib/timers.ts';
import { CommitUnknown, StoreEnded } from '../store/store.ts';

/** Well under the time that clients wait for an answer. */
const PATIENCE_MS = 8_000;
const AGAIN_MS = 250;

const mayPass = (thrown: unknown): boolean =>
  thrown instanceof CommitUnknown ||
  (thrown instanceof Refusal && thrown.code === 'serviceUnavailable' && !(thrown instanceof StoreEnded));

async function askUntil(timers: Timers, endAt: number, ask: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      if (!mayPass(thrown) || timers.monotonicMs() >= endAt) return undefined;
      await wait(timers, AGAIN_MS);
    }
  }
}

/**
 * After a commit of which the store did not say whether it took place: asks until the store answers.
 *
 * @param ask a unit of work: it waits for a transaction that is still under way, where a plain read would see nothing
 * @returns undefined where the truth is not told in time, or never will be
 */
export async function findOut<Known extends object | boolean>(
  timers: Timers,
  ask: () => Promise<Known>,
): Promise<Known | undefined> {
  const tooLate = wait(timers, PATIENCE_MS);
  const endAt = timers.monotonicMs() + PATIENCE_MS;
  return (await Promise.race([askUntil(timers, endAt, ask), tooLate])) as Known | undefined;
}

/** Whether a change is stored is not known, and is not told otherwise. `then` says how to find out. */
export const notKnown = (what: string, then: string, cause: unknown): Refusal =>
  new Refusal('internalServerError', `It is not known whether ${what}: the store did not say. ${then}`, { cause });

export interface Ran<Outcome> {
  readonly outcome: Outcome;
  /** It ran before, and that run may have been committed. */
  readonly isAgain: boolean;
}

/** Runs a unit of work whose second run does no harm: once more where the first may or may not have been committed. */
export async function runAgain<Outcome>(
  timers: Timers,
  run: () => Promise<Outcome>,
  what: string,
): Promise<Ran<Outcome>> {
  try {
    return { outcome: await run(), isAgain: false };
  } catch (thrown) {
    if (!(thrown instanceof CommitUnknown)) throw thrown;
    const known = await findOut(timers, async () => ({ outcome: await run(), isAgain: true }));
    if (known) return known;
    throw notKnown(what, 'Send it again: a second one does no harm.', thrown);
  }
}
