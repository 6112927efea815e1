import { chmodSync, closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperatorFault } from '../../errors.ts';
import { markAsBackup } from './sqlite-epoch.ts';
import { databaseFile } from './sqlite-open.ts';

function sync(file: string): void {
  const opened = openSync(file, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/** One transaction that reads: the copy is of one moment, and writers are not held up. */
function copy(source: string, file: string): void {
  const db = new DatabaseSync(source, { readOnly: true, timeout: 5_000 });
  try {
    db.prepare('vacuum into ?').run(file);
  } finally {
    db.close();
  }
}

function mark(file: string, when: string): void {
  const db = new DatabaseSync(file);
  try {
    db.exec('pragma synchronous = full');
    markAsBackup(db, when);
  } finally {
    db.close();
  }
}

const notThere = (file: string): OperatorFault =>
  new OperatorFault(`${file} is there already. A backup overwrites nothing: name another file.`);

/**
 * Copies the embedded store to a file, while a server works on it or not. When it is over the copy is on the disk,
 * whole, under its name; until then nothing has that name.
 *
 * @throws {OperatorFault} where there is no store, or the file exists
 */
export function backupSqlite(folder: string, file: string, when: string): void {
  const source = databaseFile(folder);
  if (!existsSync(source)) {
    throw new OperatorFault(`There is no embedded store at ${source}. INTERDICT_DATA names the folder that has it.`);
  }
  if (existsSync(file)) throw notThere(file);
  const part = `${file}.${process.pid}.part`;
  try {
    // SQLite fills a file that is there and empty, and leaves it its mode.
    closeSync(openSync(part, 'wx', 0o600));
    copy(source, part);
    mark(part, when);
    chmodSync(part, 0o600);
    sync(part);
    linkSync(part, file);
    sync(path.dirname(path.resolve(file)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw notThere(file);
    throw error;
  } finally {
    rmSync(part, { force: true });
    rmSync(`${part}-journal`, { force: true });
  }
}
