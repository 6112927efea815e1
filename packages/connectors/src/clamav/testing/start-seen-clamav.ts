import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SeenProduct } from '../../testing.ts';
import { type RunningClamd, startClamd } from './clamav-product.ts';
import { contentOf, hashOf, reloadUntil } from './samples.ts';

/** The file whose hash is the target, made when it is first asked for. */
async function fileOf({ home }: RunningClamd, index: number): Promise<string> {
  const folder = path.join(home, 'seen');
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, String(index));
  await writeFile(file, contentOf('sha256', index));
  return file;
}

/** A real clamd, seen by `clamdscan --fdpass`. */
export async function startSeenClamav(): Promise<SeenProduct> {
  const clamd = await startClamd();
  const reloaded = async (index: number, isFound: boolean): Promise<void> =>
    reloadUntil(clamd, await fileOf(clamd, index), isFound);
  return {
    provider: { connector: 'clamav', socket: clamd.socket, folder: clamd.folder },
    environment: {},
    action: 'BlockFile',
    parameter: 'FileHash',
    target: (index) => hashOf('sha256', index),
    async isBlocked(index) {
      const file = await fileOf(clamd, index);
      return (await clamd.scan(file)).has(file);
    },
    async lose(index) {
      const list = path.join(clamd.folder, 'interdict.hsb');
      const lines = (await readFile(list, 'utf8')).split('\n');
      await writeFile(list, lines.filter((line) => !line.startsWith(hashOf('sha256', index))).join('\n'));
      await reloaded(index, false);
    },
    async putForeign(index) {
      await appendFile(path.join(clamd.folder, 'admin.hsb'), `${hashOf('sha256', index)}:*:Admin.${index}:73\n`);
      await reloaded(index, true);
    },
    stop: () => clamd.discard(),
  };
}
