import {
  closeSync,
  existsSync,
  fchmodSync,
  constants as flags,
  fsyncSync,
  ftruncateSync,
  openSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';

/** What a write fails with on a disk without room, or behind a quota, for which Node has no name. */
export function isNoRoom(error: unknown): boolean {
  const { code, errno } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOSPC' || errno === -constants.errno.EDQUOT;
}

/**
 * Writes a small text over a file that is there, with mode 0600: on a full disk too, since a file of up to a block
 * needs no other one. A reader may meet a mixture for a moment, where one that is written beside and moved there would
 * not let it. No link is followed.
 *
 * @throws where there is no such file
 */
export function overwriteFile(filePath: string, text: string): void {
  const file = openSync(filePath, flags.O_RDWR | (flags.O_NOFOLLOW ?? 0));
  try {
    fchmodSync(file, 0o600);
    writeFileSync(file, text);
    ftruncateSync(file, Buffer.byteLength(text));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Replaces a small file as `replace` does; where there is no room for that, and a file is there, writes over it. */
export function replaceOrOverwrite(filePath: string, text: string, replace: () => void): void {
  try {
    replace();
  } catch (error) {
    if (!isNoRoom(error) || !existsSync(filePath)) throw error;
    overwriteFile(filePath, text);
  }
}
