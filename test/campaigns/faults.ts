/** Faults of disks, databases, clocks and products; `INTERDICT_ONLY=name` runs one. */
import { beginCampaign, createProgress, endCampaign, type Finding } from './campaign.ts';
import { clockJumps } from './faults/clock-jumps.ts';
import { commitCut } from './faults/commit-cut.ts';
import { databaseRestart } from './faults/database-restart.ts';
import { dayAway } from './faults/day-away.ts';
import { diskFull } from './faults/disk-full.ts';
import type { Fault } from './faults/fault.ts';
import { slowProduct } from './faults/slow-product.ts';
import { stoppedProcess } from './faults/stopped-process.ts';
import { throttlingProduct } from './faults/throttling-product.ts';
import { writeFails } from './faults/write-fails.ts';

/** One after the other. */
type Lane = readonly Fault[];

/** Lanes that are beside each other; the next ones follow. Those that mostly wait are not disturbed by those that work. */
const STEPS: readonly (readonly Lane[])[] = [
  [[clockJumps], [throttlingProduct], [slowProduct], [commitCut]],
  [[writeFails], [stoppedProcess, databaseRestart, diskFull, dayAway]],
];
const FAULTS = STEPS.flat(2);

const only = process.env.INTERDICT_ONLY;
if (only && !FAULTS.some(({ name }) => name === only)) {
  throw new Error(`There is no fault "${only}". There are: ${FAULTS.map(({ name }) => name).join(', ')}.`);
}

async function runFault({ name, cases, run }: Fault): Promise<readonly Finding[]> {
  const settings = beginCampaign(`faults/${name}`, cases);
  const began = performance.now();
  const progress = createProgress(settings.count);
  try {
    const found = await run({ ...settings, say: (done, words = '') => progress(done, `${name} ${words}`) });
    return found.map((finding) => ({ ...finding, promise: `${name}: ${finding.promise}` }));
  } catch (error) {
    const broken = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [{ promise: `${name}: runs to its end`, broken }];
  } finally {
    console.log(`faults/${name}: over after ${Math.round((performance.now() - began) / 1_000)} s`);
  }
}

async function runLane(lane: Lane): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const fault of lane) if (!only || fault.name === only) findings.push(...(await runFault(fault)));
  return findings;
}

// In the long form each has the machine for itself.
const steps = process.env.INTERDICT_SHORT === '1' ? STEPS : FAULTS.map((fault) => [[fault]]);
const findings: Finding[] = [];
for (const lanes of steps) findings.push(...(await Promise.all(lanes.map(runLane))).flat());
endCampaign(findings);
