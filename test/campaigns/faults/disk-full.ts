import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, rmSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../../packages/server/src/dispatch/testing/seeded-random.ts';
import { reserveFile, roomOf } from '../../../packages/server/src/store/sql/disk-room.ts';
import { aDataFolder, startServer, type TestServer, until } from '../../server.ts';
import { boundOf, type Finding } from '../campaign.ts';
import { addUp, type CaseFindings, sumTold } from './add-up.ts';
import type { Fault, FaultRun } from './fault.ts';
import { compareFile } from './read-file.ts';
import { compareTold, nothingTold, postOne, postUntil, readState, some, type Told } from './told.ts';
import { cancelOne, compareCancels, noCancelTold, type ToldCancels } from './told-cancels.ts';

const DISK = '64m';
/** So many on one disk: in the first of them nearly all is in the WAL yet, and the file has still to grow by it. */
const TRIALS_A_DISK = 3;
const CANCELS = 10;
/** Of the servers: killed while the disk is full, to start on it. */
const KILLED_SHARE = 0.5;
/** G-R14. */
const BACK_WITHIN_MS = 10_000;
const RELEASED_WITHIN_MS = 10_000;

interface Disk {
  readonly data: string;
  server: TestServer;
  readonly told: Told;
  readonly cancels: ToldCancels;
  readonly findings: Finding[];
  readonly backAfterMs: number[];
}

const filler = ({ data }: Pick<Disk, 'data'>): string => path.join(data, 'filler');

/** Until not a block is left, and others go on meanwhile. */
async function fill(disk: Disk): Promise<void> {
  for (const bytes of [1_048_576, 65_536, 4_096]) {
    try {
      for (;;) {
        appendFileSync(filler(disk), Buffer.alloc(bytes));
        await delay(1);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  leaveReserve(disk);
}

/** What the server gave up while the last blocks were taken is its own: whoever took it too would test another promise. */
function leaveReserve(disk: Disk): void {
  const { freeBytes, reserveBytes } = roomOf(disk.data);
  if (existsSync(reserveFile(disk.data)) || freeBytes > reserveBytes / 2) return;
  truncateSync(filler(disk), statSync(filler(disk)).size - reserveBytes);
}

const accepts = (disk: Disk, withinMs: number): Promise<number> =>
  until(
    () => postOne(disk.told, disk.server),
    (status) => status === 201,
    withinMs,
  );

/** While the disk is full, what is in force is taken back: asked, stored, released. */
async function cancelWhileFull(disk: Disk): Promise<string[]> {
  const { told, cancels, server } = disk;
  const all = [...told.accepted.values()].filter((id) => !cancels.accepted.has(id));
  const wrong: string[] = [];
  for (const id of all.slice(-CANCELS)) {
    const status = await cancelOne(cancels, server, id);
    const isReleased = (state: string): boolean => state === 'released';
    if (status !== 200) wrong.push(`a cancel was answered ${status}`);
    else
      await until(() => readState(server, id), isReleased, RELEASED_WITHIN_MS).catch((error) =>
        wrong.push(String(error)),
      );
  }
  return wrong;
}

async function runTrial(disk: Disk, isKilled: boolean): Promise<void> {
  const { told, findings } = disk;
  await accepts(disk, BACK_WITHIN_MS);
  const stop = new AbortController();
  const load = postUntil(told, disk.server, stop.signal, 4);
  const refusedBefore = told.refused.size;
  await fill(disk);
  const isRefused = await until(() => told.refused.size > refusedBefore, Boolean).catch(() => false);
  findings.push({ promise: 'a full disk refuses what is new', broken: isRefused ? undefined : 'nothing was refused' });
  if (isKilled) await disk.server.kill();
  stop.abort();
  await load;
  if (isKilled) disk.server = await disk.server.again();
  findings.push({
    promise: 'every cancel is taken and carried out while it is full',
    broken: some(await cancelWhileFull(disk)),
  });
  rmSync(filler(disk));
  const began = performance.now();
  const back = await accepts(disk, 2 * BACK_WITHIN_MS).catch(String);
  const took = performance.now() - began;
  disk.backAfterMs.push(took);
  const broken = back === 201 && took <= BACK_WITHIN_MS ? undefined : `${back} after ${Math.round(took)} ms`;
  findings.push({ promise: 'it accepts by itself within 10 s of there being room', broken });
}

async function judge(disk: Disk): Promise<void> {
  const { told, cancels, findings, data } = disk;
  findings.push(...(await compareTold(told, disk.server)), ...(await compareCancels(cancels, disk.server)));
  await disk.server.kill();
  findings.push(...compareFile(data, told, cancels));
}

async function withDisk(use: (disk: Disk) => Promise<void>): Promise<Disk> {
  const data = aDataFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', data]);
  let disk: Disk | undefined;
  try {
    const server = await startServer({ data });
    disk = { data, server, told: nothingTold(), cancels: noCancelTold(), findings: [], backAfterMs: [] };
    await use(disk);
    return disk;
  } finally {
    await disk?.server.kill();
    execFileSync('umount', [data]);
    rmSync(data, { recursive: true });
  }
}

async function fillAll({ count, seed, say }: FaultRun): Promise<readonly Finding[]> {
  const random = seededRandom(seed);
  const disks: (Disk & CaseFindings)[] = [];
  for (let done = 0; done < count; ) {
    const trials = Math.min(TRIALS_A_DISK, count - done);
    const words = `disk ${disks.length + 1}`;
    const disk = await withDisk(async (one) => {
      for (let trial = 0; trial < trials; trial += 1) {
        await runTrial(one, random() < KILLED_SHARE);
        done += 1;
        say(done);
      }
      await judge(one);
    });
    disks.push({ ...disk, words });
  }
  const longest = Math.round(Math.max(...disks.flatMap(({ backAfterMs }) => backAfterMs)));
  const seen = `${count} times full; ${sumTold(disks)}; back after ${longest} ms at most; ${boundOf(count)} a time`;
  return [{ promise: 'a disk is filled, and freed', seen }, ...addUp(disks)];
}

/** A disk of 64 MB is filled to its last block under load, and freed again. */
export const diskFull: Fault = {
  name: 'disk-full',
  cases: { long: 300, short: 3 },
  run: async (run) => {
    if (process.getuid?.() !== 0) throw new Error('A disk without room is a small tmpfs, which only root may mount.');
    return await fillAll(run);
  },
};
