import { randomUUID } from 'node:crypto';
import { access, constants, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { withLock } from '../lock.ts';
import { cachedReader } from './cached-reader.ts';
import { ClamavError } from './clamd.ts';
import { FILES, type FileName, type Signature } from './signature.ts';
import { type Generation, NO_FILE, parseFile, type SignatureFile, writeFile } from './signature-file.ts';
import { type Strangers, strangersIn } from './strangers.ts';

export interface Change {
  readonly kind: 'apply' | 'release';
  readonly signature: Signature;
}

/** clamd's folder, and what of it is ours. */
export interface Folder {
  read(file: FileName): Promise<SignatureFile>;
  strangers(): Promise<Strangers>;
  /**
   * Makes the changes that are not there yet, all or none of a file. Gives the generation that was replaced by file.
   * @throws {ClamavError} `unsent` where nothing was written
   */
  rewrite(changes: readonly Change[], signal: AbortSignal): Promise<ReadonlyMap<FileName, Generation | undefined>>;
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: "is not there: give clamd's DatabaseDirectory.",
  ENOTDIR: 'is no folder.',
  EACCES: "may not be read and written by the server: make the server's user its owner.",
  EPERM: "may not be written by the server: make the server's user its owner.",
  EROFS: 'is on a file system that is read-only.',
  EISDIR: 'has a folder where a file of Interdict should be: take it away.',
  ENOSPC: 'has no room left.',
};

function explained(folder: string, error: unknown, kind: 'unsent' | 'lost'): ClamavError {
  const { code = '', message, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError') return new ClamavError(kind, 'The call was ended before the folder was free.');
  return new ClamavError(kind, `The folder ${folder} ${WHY[code] ?? `cannot be used: ${message}`}`, true);
}

async function writeWhole(file: string, content: string): Promise<void> {
  await using handle = await open(file, 'w');
  await handle.chmod(0o644);
  await handle.writeFile(content);
  await handle.sync();
}

/** Whole or not at all, even when the power fails; and clamd, which runs as another user, can read it. */
async function replaceFile(folder: string, file: FileName, content: string): Promise<void> {
  const fresh = path.join(folder, `${file}.new`);
  try {
    await writeWhole(fresh, content);
    await rename(fresh, path.join(folder, file));
  } catch (error) {
    await rm(fresh, { force: true, recursive: true }).catch(() => undefined);
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

/** The lines after the changes; undefined where they are those of before. */
function changed({ lines, generation }: SignatureFile, changes: readonly Change[]): ReadonlySet<string> | undefined {
  const after = new Set(lines);
  let isOther = generation === undefined;
  for (const { kind, signature } of changes) {
    if (after.has(signature.line) === (kind === 'apply')) continue;
    isOther = true;
    if (kind === 'apply') after.add(signature.line);
    else after.delete(signature.line);
  }
  return isOther ? after : undefined;
}

type Replaced = Map<FileName, Generation | undefined>;

export function openFolder(folder: string): Folder {
  const reader = cachedReader(parseFile);
  const read = async (file: FileName): Promise<SignatureFile> => (await reader(path.join(folder, file))) ?? NO_FILE;
  const strangers = strangersIn(folder);
  const looking = <T>(error: unknown): T => {
    throw explained(folder, error, 'unsent');
  };

  const rewriteFile = async (file: FileName, changes: readonly Change[], replaced: Replaced): Promise<void> => {
    const before = await read(file);
    const lines = changed(before, changes);
    if (!lines) return;
    await replaceFile(folder, file, writeFile(file, lines, randomUUID()));
    replaced.set(file, before.generation);
  };

  const rewriteAll = async (changes: readonly Change[], signal: AbortSignal, replaced: Replaced): Promise<void> => {
    for (const file of FILES) {
      signal.throwIfAborted();
      const wanted = changes.filter(({ signature }) => signature.file === file);
      if (wanted.length > 0) await rewriteFile(file, wanted, replaced);
    }
    if (replaced.size > 0) await syncFolder(folder);
  };

  return {
    read: (file) => read(file).catch<SignatureFile>(looking),
    strangers: () => strangers().catch<Strangers>(looking),
    async rewrite(changes, signal) {
      const replaced: Replaced = new Map();
      try {
        await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
        await withLock(path.join(folder, 'interdict.lock'), signal, () => rewriteAll(changes, signal, replaced));
      } catch (error) {
        throw explained(folder, error, replaced.size > 0 ? 'lost' : 'unsent');
      }
      return replaced;
    },
  };
}
