import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { OperatorFault } from '../errors.ts';
import { replaceOrOverwrite } from '../lib/overwrite-file.ts';

/** A file of the data folder that the server must not start with. The message tells the operator how to mend it. */
export class UnusableFile extends OperatorFault {
  override readonly name = 'UnusableFile';
}

const MAX_BYTES = 4_096;
const OTHERS = 0o077;

/** Windows has no such bits; there the folder's own list of rights counts. */
const hasModes = process.platform !== 'win32';

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

function readOpened(file: number, filePath: string): string {
  const { mode, size } = fstatSync(file);
  if (hasModes && (mode & OTHERS) !== 0)
    throw new UnusableFile(
      `${filePath} can be read or written by others (mode ${(mode & 0o777).toString(8).padStart(4, '0')}). Run: chmod 600 '${filePath}'`,
    );
  if (size > MAX_BYTES) throw new UnusableFile(`${filePath} has ${size} bytes; it is not one of this server's files.`);
  const bytes = Buffer.alloc(size);
  return bytes.subarray(0, readSync(file, bytes, 0, size, 0)).toString('utf8');
}

/**
 * The text of a file that nobody but its owner may read; undefined where there is none.
 *
 * @throws {UnusableFile} where the group or others may read or write it
 */
export function findPrivateFile(filePath: string): string | undefined {
  let file: number;
  try {
    file = openSync(filePath, 'r');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    return readOpened(file, filePath);
  } finally {
    closeSync(file);
  }
}

function syncFolder(folder: string): void {
  if (!hasModes) return;
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

/** Writes the text whole beside its place, then lets `put` move it there, so that no reader ever sees a part of it. */
function putWhole(filePath: string, text: string, put: (from: string) => void): void {
  const folder = path.dirname(filePath);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const from = path.join(folder, `.${path.basename(filePath)}.${randomBytes(8).toString('hex')}`);
  try {
    const file = openSync(from, 'wx', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    put(from);
    syncFolder(folder);
  } finally {
    rmSync(from, { force: true });
  }
}

/** Makes the file with mode 0600 unless there is one; of several processes at once, exactly one makes it. */
export function createPrivateFile(filePath: string, text: string): void {
  putWhole(filePath, text, (from) => {
    try {
      linkSync(from, filePath);
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
  });
}

/**
 * Puts the text in the place of whatever the file held, with mode 0600; a reader sees the old text or the new one. On a
 * full disk it is written over the old one: who holds no token can cancel nothing.
 */
export function replacePrivateFile(filePath: string, text: string): void {
  replaceOrOverwrite(filePath, text, () => putWhole(filePath, text, (from) => renameSync(from, filePath)));
}
