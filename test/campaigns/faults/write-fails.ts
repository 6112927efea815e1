import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { seededRandom } from '../../../packages/server/src/dispatch/testing/seeded-random.ts';
import { boundOf, type Finding } from '../campaign.ts';
import { addUp, sumTold } from './add-up.ts';
import type { Fault, FaultRun } from './fault.ts';
import { type IoCase, type IoCaseState, runIoCase } from './io-case.ts';
import { compileFailIo, type IoFault } from './io-control.ts';

const KINDS: readonly Pick<IoFault, 'call' | 'error' | 'isLasting'>[] = [
  { call: 'write', error: 'EIO', isLasting: false },
  { call: 'sync', error: 'EIO', isLasting: false },
  { call: 'write', error: 'ENOSPC', isLasting: false },
  { call: 'write', error: 'ENOSPC', isLasting: true },
];
/** A new database takes 210 writes and 16 syncs, each action some 60 and 5. */
const WRITES = 2_000;
const SYNCS = { long: 2_000, short: 100 } as const;
/** So many are judged by a whole server, and all by what is in the file. */
const STARTED_SHARE = 0.25;
/** Cases under way at a time: most of one is the start of a server. */
const WIDTH = 2;

/** Spread over all n; with as many cases as there are n, each of them once. */
function planCases({ count, seed, isShort }: FaultRun, folder: string, shim: string): IoCase[] {
  const random = seededRandom(seed);
  const ofEach = Math.ceil(count / KINDS.length);
  return Array.from({ length: count }, (_, index) => {
    const kind = KINDS[index % KINDS.length] as (typeof KINDS)[number];
    const range = kind.call === 'write' ? WRITES : SYNCS[isShort ? 'short' : 'long'];
    const at = 1 + Math.floor(((Math.floor(index / KINDS.length) + random()) / ofEach) * range);
    const isKilled = random() < 0.5;
    const isStartedAgain = random() < STARTED_SHARE;
    const words = `${kind.error} in ${kind.call} ${at}${kind.isLasting ? ' and all later' : ''}${isKilled ? ', killed' : ''}`;
    return { words, fault: { ...kind, at }, isKilled, isStartedAgain, shim, folder: path.join(folder, `${index}`) };
  });
}

async function runAll(cases: readonly IoCase[], say: FaultRun['say']): Promise<readonly IoCaseState[]> {
  const over: IoCaseState[] = [];
  const left = [...cases];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      mkdirSync(path.join(next.folder, 'data'), { recursive: true });
      over.push(await runIoCase(next));
      rmSync(next.folder, { recursive: true, force: true });
      say(over.length, next.words);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
  return over;
}

/** One write or sync of the database's files fails in a server as a user starts it, from its first write on. */
export const writeFails: Fault = {
  name: 'write-fails',
  cases: { long: KINDS.length * WRITES, short: KINDS.length * 5 },
  run: async (run) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-write-fails-'));
    try {
      const cases = await runAll(planCases(run, folder, compileFailIo(folder)), run.say);
      const met = cases.filter(({ hasMet }) => hasMet).length;
      const reached: Finding = {
        promise: 'nine of ten faults are met',
        broken: met >= cases.length * 0.9 ? undefined : `${met} of ${cases.length}`,
        seen: `${met} of ${cases.length}; ${sumTold(cases)}; ${boundOf(met)} a fault`,
      };
      return [reached, ...addUp(cases)];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
