import { randomUUID } from 'node:crypto';
import { chmod, chown, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeError } from './runtime.ts';
import { type Entry, tenantOf } from './translate.ts';

const lineOf = ({ key, value }: Entry): string => `${key} ${value}`;

/** A line that this connector wrote: of some tenant. */
const isOwn = (line: string): boolean => tenantOf(/^\S+\s+(\S+)\s*$/.exec(line)?.[1] ?? '') !== undefined;

function cannot(file: string, error: NodeJS.ErrnoException): RuntimeError {
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'it, or its folder, is not there',
    EACCES: "the server's user may not write there: it needs to write the folder too",
    EPERM: "the server's user may not write there",
    EISDIR: 'it is a folder',
    ENOSPC: 'the disk is full',
  };
  return new RuntimeError('ours', `The map file ${file} cannot be changed: ${why[error.code ?? ''] ?? error.message}.`);
}

/** As its owner wants it: HAProxy reads it as another user. */
async function replace(file: string, text: string): Promise<void> {
  const beside = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID().slice(0, 8)}`);
  const { mode, uid, gid } = await stat(file);
  try {
    const handle = await open(beside, 'wx', mode & 0o777);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chmod(beside, mode & 0o777);
    await chown(beside, uid, gid).catch(() => undefined);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/**
 * Makes the file say what HAProxy is to have after a reload. Lines of others stay as and where they are; of ours those of
 * `gone` leave and those of `come` are added, each once.
 * @throws {RuntimeError} of kind `ours`
 */
export async function changeFile(file: string, come: readonly Entry[], gone: readonly Entry[]): Promise<void> {
  try {
    const before = await readFile(file, 'latin1');
    const lines = before.split('\n');
    if (lines.at(-1) === '') lines.pop();
    const leaving = new Set(gone.map(lineOf));
    const coming = new Set(come.map(lineOf));
    const kept = lines.filter((line) => {
      if (!isOwn(line)) return true;
      const normal = line.trim().replace(/\s+/, ' ');
      return !leaving.has(normal) && !coming.has(normal);
    });
    const after = [...kept, ...coming].map((line) => `${line}\n`).join('');
    if (after !== before) await replace(file, after);
  } catch (error) {
    throw cannot(file, error as NodeJS.ErrnoException);
  }
}
