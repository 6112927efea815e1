import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { failpoint } from './lib/failpoint.ts';
import { replaceOrOverwrite } from './lib/overwrite-file.ts';
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

function writeBeside(folder: string, text: string): void {
  const file = epochFile(folder);
  const next = `${file}.new`;
  writeFileSync(next, text, { mode: 0o600 });
  sync(next);
  failpoint('sqlite.inEpochFile');
  renameSync(next, file);
  sync(folder);
}

/** On a disk without room too: a start must not fail for eight bytes, while cancels wait for it. */
function writeFile(folder: string, epoch: number): void {
  const text = `${epoch}\n`;
  // An epoch is never shorter than the one before it, and both fit in one sector.
  replaceOrOverwrite(epochFile(folder), text, () => writeBeside(folder, text));
  rmSync(`${epochFile(folder)}.new`, { force: true });
}

/** The database first, durably, the file second. @param write what it is in the database then; null: as it was */
async function raiseBoth(folder: string, write: () => Promise<number | null>): Promise<void> {
  failpoint('sqlite.beforeEpoch');
  const epoch = await write();
  if (epoch === null) return;
  failpoint('sqlite.afterEpoch');
  writeFile(folder, epoch);
  failpoint('sqlite.afterEpochFile');
}

const setTo =
  (store: OpenSqlite, epoch: number): (() => Promise<number>) =>
  async () => {
    await store.writeEpoch(epoch);
    return epoch;
  };

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
  /** What time it was when something was written the last time before this start, to a few seconds; null: not known. */
  readonly servedUntil: number | null;
  /** To be called before the store is closed. */
  close(): Promise<void>;
}

async function begin(store: OpenSqlite, folder: string, log: Log): Promise<number | null> {
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
  } else if (file === null) {
    // Also where an earlier start wrote 0 into the database and was killed then: 1 without a file would be a restored one.
    await raiseBoth(folder, setTo(store, 0));
  }
  const next = Math.max(database.epoch ?? 0, file ?? 0) + 1;
  await raiseBoth(folder, setTo(store, next));
  return database.servedUntil;
}

/**
 * Finds out whether the database is an older one than was served from this folder last, and puts its tenants into
 * quarantine then, before anything is sent. From then on keeps the two in step.
 */
export async function keepEpoch(store: OpenSqlite, folder: string, log: Log): Promise<KeptEpoch> {
  const servedUntil = await begin(store, folder, log);
  // A file that is behind would take an older database for the one that was served last.
  let notInFile: number | null = null;
  const raise = async (): Promise<void> => {
    try {
      await raiseBoth(folder, async () => {
        notInFile = (await store.raiseEpoch()) ?? notInFile;
        return notInFile;
      });
      notInFile = null;
    } catch (error) {
      log.warn({ err: error }, 'The epoch could not be raised. It is tried again.');
    }
  };
  let raising = Promise.resolve();
  const timer = setInterval(() => {
    raising = raising.then(raise);
  }, RAISED_WITHIN_MS).unref();
  return {
    servedUntil,
    close: async () => {
      clearInterval(timer);
      await raising;
      await raise();
    },
  };
}
