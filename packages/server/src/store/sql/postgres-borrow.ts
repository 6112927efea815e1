import type pg from 'pg';
import { toStoreFault } from './postgres-faults.ts';
import { DISCARD_PLANS, isPlanOld } from './postgres-plans.ts';
import { heardLately, listening } from './postgres-silence.ts';

/** Reads are short, or cut into slices. */
export const READ_SILENCE_MS = 10_000;
/** For what is answered at once wherever it is answered at all. */
export const QUICK_SILENCE_MS = 2_000;

/**
 * A connection of the pool that still hears: one that was idle for a while is asked first.
 * @throws {Refusal} serviceUnavailable where the database cannot be reached
 */
export async function connectLive(pool: pg.Pool): Promise<pg.PoolClient> {
  for (;;) {
    const client = await pool.connect().catch((thrown: unknown) => {
      throw toStoreFault(thrown);
    });
    const isOld = isPlanOld(pool, client);
    if (!isOld && heardLately(client)) return client;
    try {
      await listening(client, QUICK_SILENCE_MS, () => client.query(isOld ? DISCARD_PLANS : 'select 1'));
      return client;
    } catch (error) {
      // The pool may hold more of its kind; a new one is heard when it is made.
      client.release(error as Error);
    }
  }
}

/** Uses a connection of the pool. @throws {Refusal} serviceUnavailable where the database cannot be reached */
export async function borrow<Value>(
  pool: pg.Pool,
  silenceMs: number,
  use: (client: pg.PoolClient) => Promise<Value>,
): Promise<Value> {
  const client = await connectLive(pool);
  try {
    const value = await listening(client, silenceMs, () => use(client));
    client.release();
    return value;
  } catch (error) {
    // Mid-transaction, or broken: not worth telling apart.
    client.release(true);
    throw toStoreFault(error);
  }
}
