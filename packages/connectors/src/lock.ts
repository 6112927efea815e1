import { access, constants } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

const BUSY = 5;

/** Undefined where another has it. */
function tryLock(file: string): DatabaseSync | undefined {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === BUSY) return undefined;
    throw error;
  }
}

/**
 * Runs while no other process of this machine does, and no other connector of this one. The lock is SQLite's on a file
 * that stays empty: the kernel takes it back when its holder dies, however he dies.
 */
export async function withLock<T>(file: string, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  let lock = tryLock(file);
  while (!lock) {
    await delay(2, undefined, { signal });
    lock = tryLock(file);
  }
  try {
    // Of a file that may only be read SQLite would give the lock to all.
    await access(file, constants.W_OK);
    return await run();
  } finally {
    lock.close();
  }
}
