import { randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { AskedUri } from './asked-uri.ts';
import { type Entry, ListContent } from './list-text.ts';

/** The list was changed, but may not outlive a power cut. */
export class NotDurable extends Error {
  override readonly name = 'NotDurable';
}

const KEY_BYTES = 32;
/** Squid's group reads; nobody else does. */
const MODE = 0o640;

const signatureOf = ({ ino, size, mtimeNs }: BigIntStats): string => `${ino} ${size} ${mtimeNs}`;

const whereMissing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === 'ENOENT') return undefined;
  throw error;
};

async function syncFolder(file: string): Promise<void> {
  const folder = await open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** As the file that is replaced: whoever could read that one can read this. @throws {Error} where that cannot be */
async function takeOver(handle: FileHandle, old: BigIntStats | undefined): Promise<void> {
  await handle.chmod(old ? Number(old.mode) & 0o777 : MODE);
  const { uid, gid } = await handle.stat();
  if (!old || Number(old.gid) === gid) return;
  await handle.chown(uid, Number(old.gid)).catch(({ code }: NodeJS.ErrnoException) => {
    throw new Error(`its group ${old.gid} cannot be kept (${code}): put the user of Interdict into it`);
  });
}

/** Runs while no other process writes the list. */
export type WhileAlone = <T>(run: () => Promise<T>) => Promise<T>;

/** The list as it stands in its file. Writers take turns; any number read, and see each change at their next look. */
export class BlockList {
  readonly #file: string;
  readonly #alone: WhileAlone;
  #content = new ListContent();
  #signature = '';
  #reading: Promise<void> | undefined;

  constructor(file: string, alone: WhileAlone = (run) => run()) {
    this.#file = file;
    this.#alone = alone;
  }

  get content(): ListContent {
    return this.#content;
  }

  blocks(asked: AskedUri): boolean {
    return this.#content.index.blocks(asked);
  }

  /** Reads the file if it is another than was read last. No file is an empty list. @throws {Error} what was read last stays */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /**
   * All of it or nothing, and in force from then on.
   * @throws {NotDurable} it is in force
   * @throws {Error} nothing was changed
   */
  change(put: readonly Entry[], dropped: readonly Entry[]): Promise<void> {
    return this.#alone(() => this.#change(put, dropped));
  }

  async #change(put: readonly Entry[], dropped: readonly Entry[]): Promise<void> {
    await this.refresh();
    const content = this.#content;
    const isNew = put.some(({ value, tenant }) => !content.holdersOf(value).has(tenant));
    const isGone = dropped.some(({ value, tenant }) => content.holdersOf(value).has(tenant));
    if (content.key && !isNew && !isGone) return;
    const key = content.key ?? randomBytes(KEY_BYTES);
    const signature = await this.#replace(content.toText(key, put, dropped));
    content.key = key;
    for (const entry of dropped) content.drop(entry);
    for (const entry of put) content.put(entry);
    if (this.#content === content) this.#signature = signature;
    await syncFolder(this.#file).catch((error: Error) => {
      throw new NotDurable(error.message);
    });
  }

  async #read(): Promise<void> {
    const found = await stat(this.#file, { bigint: true }).catch(whereMissing);
    const signature = found ? signatureOf(found) : '';
    if (signature === this.#signature) return;
    const text = found ? await readFile(this.#file, 'utf8') : '';
    this.#content = ListContent.parse(text);
    this.#signature = signature;
  }

  /** @returns the signature of the new file */
  async #replace(text: string): Promise<string> {
    const old = await stat(this.#file, { bigint: true }).catch(whereMissing);
    const fresh = `${this.#file}.${process.pid}.new`;
    const handle = await open(fresh, 'w', MODE);
    try {
      await takeOver(handle, old);
      await handle.writeFile(text);
      await handle.sync();
      const signature = signatureOf(await handle.stat({ bigint: true }));
      await rename(fresh, this.#file);
      return signature;
    } catch (error) {
      await rm(fresh, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
  }
}
