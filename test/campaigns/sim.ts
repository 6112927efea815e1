import { openDatabase } from '../sim/database.ts';
import { runSeed, type SeedRun, STEPS } from '../sim/run-seed.ts';
import { beginCampaign, boundOf, createProgress, endCampaign } from './campaign.ts';

/** The long form ends after six hours, however many it has made by then. */
const COUNTS = { long: 1_000_000, short: 3_000 };
const LONGEST_MS = 6 * 3_600_000;
/** How often one seed is run again: its every event must be the same. */
const REPLAYS = { long: 1_000, short: 10 };
const LINES_SHOWN = 60;

function tell({ seed, broken, lines }: SeedRun): void {
  console.log(`✗ seed ${seed}: ${broken[0]}\n  ${lines.slice(-LINES_SHOWN).join('\n  ')}`);
  console.log(`  All of it: INTERDICT_SEED=${seed} INTERDICT_COUNT=1 npm run sim`);
}

const settings = beginCampaign('sim', COUNTS);
const { seed, count, isShort } = settings;
const database = openDatabase();

/** Each seed once. @returns how many there were, and those that broke a promise */
async function runAll(): Promise<{ readonly made: number; readonly broken: readonly SeedRun[] }> {
  const say = createProgress(count);
  const broken: SeedRun[] = [];
  const endsAt = performance.now() + LONGEST_MS;
  let made = 0;
  for (; made < count && performance.now() < endsAt; made += 1) {
    const run = await runSeed(database, seed + made, count === 1 ? console.log : undefined);
    if (run.broken.length > 0) {
      broken.push(run);
      if (broken.length <= 5) tell(run);
    }
    say(made + 1, `${broken.length} broken`);
  }
  return { made, broken };
}

/** @returns how many of the replays were another run */
async function replay(times: number): Promise<number> {
  const say = createProgress(times);
  const { hash } = await runSeed(database, seed);
  let others = 0;
  for (let done = 0; done < times; done += 1) {
    if ((await runSeed(database, seed)).hash !== hash) others += 1;
    say(done + 1, 'replays');
  }
  return others;
}

const before = { cpu: process.cpuUsage(), at: performance.now() };
const { made, broken } = await runAll();
const used = process.cpuUsage(before.cpu);
const cpuS = (used.user + used.system) / 1e6;
const seconds = (performance.now() - before.at) / 1_000;
const times = isShort ? REPLAYS.short : Math.min(REPLAYS.long, count);
const others = await replay(times);
endCampaign([
  {
    promise: `I1 to I11 hold behind each of ${STEPS} steps and everything ends, in ${made} runs`,
    broken:
      broken.length === 0
        ? undefined
        : `broken in seeds ${broken
            .slice(0, 20)
            .map((run) => run.seed)
            .join(', ')}`,
    seen: `${boundOf(made)}; ${(made / cpuS).toFixed(1)} seeds per second of CPU, ${(made / seconds).toFixed(1)} of the clock`,
  },
  {
    promise: `one seed makes the same run, event by event, ${times} times`,
    broken: others === 0 ? undefined : `${others} were others`,
  },
]);
