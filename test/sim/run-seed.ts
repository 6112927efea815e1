import { checkRest, isAtRest, restless } from './checks/rest-checks.ts';
import { checkTime } from './checks/time-checks.ts';
import { brake, cancelOne, patchOne, post, removeOne, resumeAll } from './client.ts';
import { createWorld } from './create-world.ts';
import type { SimDatabase } from './database.ts';
import { disturb, heal } from './environment.ts';
import type { Sabotage } from './sabotage.ts';
import { happen, leapTo, nextAt, settle } from './virtual-time.ts';
import { startWorker } from './worker.ts';
import { note, pick, type World } from './world.ts';

/** Requests, faults, timers and answers of one run, before nothing goes wrong any more. Rounds that find nothing are none. */
export const STEPS = 200;

const settled = (world: World): Promise<void> => settle(() => world.workers.some(({ groups }) => groups.armed));

/** A process that died is missed only after some of the rounds of the others. */
const WATCHED_MS = 10_000;
const UNWANTED = `select 1 from enforcement where holds = 0 and lease_owner is not null and lease_call <> 'release' limit 1`;

/** What the store says, until the next commit: when anything is due by its clock, or now where a call is unwanted. */
function dueAt({ database, history, dueBy }: World): number {
  if (dueBy.commits === history.commits) return dueBy.at;
  dueBy.commits = history.commits;
  const isUnwanted = database.prepare(UNWANTED).get() !== undefined;
  const due = database.prepare('select min(due_at) at from tenant').get()?.at ?? Number.POSITIVE_INFINITY;
  dueBy.at = isUnwanted ? 0 : Number(due);
  return dueBy.at;
}

/** Rounds of the dispatchers that would find nothing are left out: who is alive, what is due and unwanted is known here. */
function leap(world: World, until: number): void {
  const { time, killedAt, clock } = world;
  if (time.now < killedAt + WATCHED_MS) return;
  leapTo(time, Math.min(until, nextAt(time), time.now + (dueAt(world) - clock.now()) / clock.fastest()));
}

/** Time passes to the next event, if that comes before. @returns false where none does */
async function passOn(world: World, until: number): Promise<boolean> {
  leap(world, until);
  const next = world.time.coming.at(-1);
  if (!next || next.at > until) {
    world.time.now = Math.max(world.time.now, until);
    return false;
  }
  happen(world.time);
  await settled(world);
  checkTime(world);
  return true;
}

async function pass(world: World, ms: number): Promise<void> {
  const until = world.time.now + ms;
  while (world.broken.length === 0 && (await passOn(world, until)));
}

/** One thing that a client, the world or time does. */
async function act(world: World): Promise<void> {
  const chance = world.random();
  if (chance < 0.2) post(world);
  else if (chance < 0.3) cancelOne(world);
  else if (chance < 0.33) removeOne(world);
  else if (chance < 0.37) patchOne(world);
  else if (chance < 0.39) brake(world);
  else if (chance < 0.47) disturb(world);
  else if (chance < 0.97) await passOn(world, world.time.now + 5_000);
  else await pass(world, pick(world, [1_000, 10_000, 60_000, 300_000]) ?? 0);
  await settled(world);
  checkTime(world);
}

const SLOWEST_MS = 45_000;
/** Longer than any end, any deadline that counts before one, and the longest pause between two tries. */
const REST_MS = 2 * 3_600_000;

async function comeToRest(world: World): Promise<void> {
  heal(world);
  await settled(world);
  // What was asked before and takes its time comes first.
  await pass(world, SLOWEST_MS);
  resumeAll(world);
  await settled(world);
  // What a stranger did last, or a product lost last, shows at the next look.
  const [looked, until] = [world.time.now + 1.5 * world.verifyEveryMs, world.time.now + REST_MS];
  while (world.broken.length === 0) {
    if (world.workers.length === 0) startWorker(world);
    if (world.time.now >= looked && isAtRest(world)) {
      checkRest(world);
      return;
    }
    if (!(await passOn(world, until))) {
      note(world, `The world does not come to rest: ${restless(world)}`);
      return;
    }
  }
}

export interface SeedRun {
  readonly seed: number;
  readonly hash: string;
  readonly broken: readonly string[];
  readonly lines: readonly string[];
  readonly commits: number;
}

/** One run: the same seed makes the same one, event by event. */
export async function runSeed(
  database: SimDatabase,
  seed: number,
  onLine?: (line: string) => void,
  { before, behind }: Partial<Sabotage> = {},
): Promise<SeedRun> {
  const made: World[] = [];
  const hear = (line: string): void => {
    onLine?.(line);
    for (const each of made) behind?.(each);
  };
  const world = createWorld(seed, database, (onLine ?? behind) ? hear : undefined);
  made.push(world);
  before?.(world);
  const workers = world.random() < 0.5 ? 1 : 2;
  for (let count = 0; count < workers; count += 1) startWorker(world);
  await settled(world);
  for (let acts = 0; acts + world.time.happened < STEPS && world.broken.length === 0; acts += 1) await act(world);
  await comeToRest(world);
  const { hash, broken, lines, history } = world;
  return { seed, hash: hash.digest('hex'), broken, lines, commits: history.commits };
}
