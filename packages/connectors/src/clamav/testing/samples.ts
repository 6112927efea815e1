import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TargetKind } from '@interdict/contract';
import type { RunningClamd } from './clamav-product.ts';

export type HashKind = Extract<TargetKind, 'sha256' | 'sha1' | 'md5'>;

/** Content of a kind of its own: a file has hashes of all three. */
export const contentOf = (kind: HashKind, index: number): string => `sample ${kind} ${index}`;

export const hashOf = (kind: HashKind, index: number): string =>
  createHash(kind).update(contentOf(kind, index)).digest('hex');

/** What the contract's tests ask for, and some. */
const COUNTS: Readonly<Record<HashKind, number>> = { sha256: 130, sha1: 3, md5: 3 };

export interface Sample {
  readonly kind: HashKind;
  readonly hash: string;
  readonly file: string;
}

/** Writes files whose hashes are targets. */
export async function writeSamples(clamd: RunningClamd): Promise<readonly Sample[]> {
  const folder = path.join(clamd.home, 'samples');
  await mkdir(folder);
  const samples = Object.entries(COUNTS).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, index) => ({
      kind: kind as HashKind,
      index,
      file: path.join(folder, `${kind}-${index}`),
    })),
  );
  await Promise.all(samples.map(({ kind, index, file }) => writeFile(file, contentOf(kind, index))));
  return samples.map(({ kind, index, file }) => ({ kind, hash: hashOf(kind, index), file }));
}

const LOADED_WITHIN_MS = 5_000;

/** As an administrator, who sees by a scan that his change is there. */
export async function reloadUntil(clamd: RunningClamd, file: string, isFound: boolean): Promise<void> {
  for (const end = Date.now() + LOADED_WITHIN_MS; ; await delay(20)) {
    await clamd.reload();
    if ((await clamd.scan(file)).has(file) === isFound) return;
    if (Date.now() > end) throw new Error(`clamd did not load it: ${clamd.log()}`);
  }
}
