import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Log } from './observe/log.ts';
import { quarantineAll } from './quarantine-all.ts';
import type { DatabaseEpoch } from './store/sql/sqlite-epoch.ts';
import type { OpenSqlite } from './store/sql/sqlite-store.ts';

/** How long after something was written the epoch may still be as it was. */
const RAISED_WITHIN_MS = 3_000;

const epochFile = (folder: string): string => path.join(folder, 'epoch');

/** Null where there is none. A file that was spoiled is as good as none. */
function readFile(folder: string): number | null {
  const file = epochFile(folder);
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function sync(file: string): void {
  const opened = openSync(file, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

function writeFile(folder: string, epoch: number): void {
  const file = epochFile(folder);
  const next = `${file}.new`;
  writeFileSync(next, `${epoch}\n`, { mode: 0o600 });
  sync(next);
  renameSync(next, file);
  sync(folder);
}

/**
 * Why the database is taken for one that was restored; undefined where it is the one that was served last. It is
 * raised before the file is: whatever breaks between, the file is never ahead of its own database. Epoch 0 says that
 * the file was not written yet.
 */
export function whyRestored({ epoch, backupOf }: DatabaseEpoch, file: number | null): string | undefined {
  if (backupOf !== null) return `The database is a backup of ${backupOf}.`;
  if (epoch === null) {
    return file === null
      ? undefined
      : 'The database is older than the folder: it has no epoch, and the folder has one.';
  }
  if (file === null) return epoch === 0 ? undefined : 'The file "epoch" is not in the folder of the database.';
  if (epoch < file) return `The database is older than the folder: its epoch is ${epoch}, and the folder's ${file}.`;
  return undefined;
}

export interface KeptEpoch {
  /** To be called before the store is closed. */
  close(): Promise<void>;
}

async function begin(store: OpenSqlite, folder: string, log: Log): Promise<void> {
  const database = await store.readEpoch();
  const file = readFile(folder);
  const reason = whyRestored(database, file);
  if (reason !== undefined) {
    // The mark, or the older epoch, stays until all of them are in quarantine.
    const count = await quarantineAll(store, reason);
    log.warn(
      { tenants: count },
      `${reason} Every tenant in it is in quarantine: nothing is sent until resumeDispatch. See docs/operate.md.`,
    );
  } else if (database.epoch === null) {
    await store.writeEpoch(0);
    writeFile(folder, 0);
  }
  const next = Math.max(database.epoch ?? 0, file ?? 0) + 1;
  await store.writeEpoch(next);
  writeFile(folder, next);
}

/**
 * Finds out whether the database is an older one than was served from this folder last, and puts its tenants into
 * quarantine then, before anything is sent. From then on keeps the two in step.
 */
export async function keepEpoch(store: OpenSqlite, folder: string, log: Log): Promise<KeptEpoch> {
  await begin(store, folder, log);
  const raise = async (): Promise<void> => {
    try {
      const epoch = await store.raiseEpoch();
      if (epoch !== null) writeFile(folder, epoch);
    } catch (error) {
      log.warn({ err: error }, 'The epoch could not be raised. It is tried again.');
    }
  };
  let raising = Promise.resolve();
  const timer = setInterval(() => {
    raising = raising.then(raise);
  }, RAISED_WITHIN_MS).unref();
  return {
    close: async () => {
      clearInterval(timer);
      await raising;
      await raise();
    },
  };
}
