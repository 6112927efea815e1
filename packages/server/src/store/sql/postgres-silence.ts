import type { Socket } from 'node:net';
import type pg from 'pg';

/** A connection that was heard so lately need not be asked whether it still hears. */
const LATELY_MS = 250;

const lastHeard = new WeakMap<pg.ClientBase, number>();

export const heardLately = (client: pg.ClientBase): boolean =>
  Date.now() - (lastHeard.get(client) ?? Number.NEGATIVE_INFINITY) < LATELY_MS;

const socketOf = (client: pg.ClientBase): Socket => (client as pg.Client).connection.stream as Socket;

/** Ends a connection without a farewell: all that waits on it is rejected, and its owner hears of it. */
export function endSilent(client: pg.ClientBase, why: string): void {
  socketOf(client).destroy(Object.assign(new Error(why), { code: 'ETIMEDOUT' }));
}

/**
 * Ends the connection when nothing is heard on it for so long while it is used. A network may lose one without a word
 * to either side, and a query on it would wait for ever.
 */
export async function listening<Value>(
  client: pg.ClientBase,
  silenceMs: number,
  use: () => Promise<Value>,
): Promise<Value> {
  const socket = socketOf(client);
  const onSilence = (): void => endSilent(client, `PostgreSQL said nothing for ${silenceMs / 1_000} s.`);
  socket.setTimeout(silenceMs, onSilence);
  try {
    const value = await use();
    lastHeard.set(client, Date.now());
    return value;
  } finally {
    socket.setTimeout(0, onSilence);
  }
}
