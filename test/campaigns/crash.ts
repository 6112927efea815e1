import { cpSync } from 'node:fs';
import { checkHistory } from '../crash/check-history.ts';
import { gatherEvidence } from '../crash/gather-evidence.ts';
import { judgeRounds, type Outcome, pointKills, pointTable } from '../crash/judge-rounds.ts';
import type { StoreName } from '../crash/point-plan.ts';
import { openRig } from '../crash/rig.ts';
import { killAndKill } from '../crash/round.ts';
import { warmUp } from '../crash/warm-up.ts';
import { beginCampaign, createProgress, endCampaign, type Finding } from './campaign.ts';

/**
 * `npm run crash`: what was acknowledged is kept and carried out once, however often the servers are killed. `count`
 * is the number of cycles over SQLite; over PostgreSQL there are 0.4 (short) or a third (long) as many. A cycle kills
 * the server at random, half of the time before it is ready, and then at a named point; of three processes it kills two,
 * in every third cycle all, each at a point of its own. Fifty cycles are a round, with its own database and one look at the evidence: it goes
 * through all points once (SQLite) or twice (PostgreSQL), in an order of the seed's. `INTERDICT_CRASH_STORE` runs one of
 * the two databases, `INTERDICT_ONLY=index,stop` the points that begin so, `INTERDICT_CRASH_KEEP` is a folder for what a
 * round leaves behind.
 */
const CYCLES_A_ROUND = 50;
/** A call that brought nothing is made again within five minutes: that is promised. Only after them it is stuck. */
const PATIENCE_MS = 330_000;
/** Whole lives, whose requests are not in the history. */
const isLife = (target: string): boolean => target.startsWith('ip:2001:db8:f');

const campaign = beginCampaign('crash', { long: 3_000, short: 50 });
const onPostgres = Math.ceil(campaign.count * (campaign.isShort ? 0.4 : 1 / 3));
const points = process.env.INTERDICT_ONLY?.split(',') ?? [];
const { INTERDICT_CRASH_STORE: only } = process.env;
const total = (only === 'PostgreSQL' ? 0 : campaign.count) + (only === 'SQLite' ? 0 : onPostgres);
/** What the next line of progress says; `before`: cycles of earlier rounds. */
const told = { before: 0, done: 0, words: '' };
const progress = createProgress(total);
setInterval(() => progress(told.done, told.words), 1_000).unref();
function printRound({ store, cycles, kills, columns }: Outcome): void {
  const figures = Object.entries(columns).map(
    ([name, value]) => `${name} ${Array.isArray(value) ? value.length : value}`,
  );
  const { atRandom, duringStart, atPoint, notReached, longestStartMs } = kills;
  console.log(
    `  ${store}, ${cycles} cycles: killed ${atRandom} × at random, ${duringStart} × during the start, ` +
      `${pointKills(kills)} × at ${atPoint.size} points (tried in vain: ${notReached.join(', ') || 'none'}), longest start ${Math.round(longestStartMs)} ms`,
  );
  console.log(`    ${figures.join(', ')}`);
  for (const [name, value] of Object.entries(columns)) {
    if (Array.isArray(value)) for (const words of value.slice(0, 3)) console.log(`    ${name}: ${words}`);
  }
}

async function runRound(store: StoreName, cycles: number, seed: number): Promise<Outcome> {
  const rig = await openRig(store, seed);
  try {
    const said = (cycle: number, words: string): void => void Object.assign(told, { done: told.before + cycle, words });
    const kills = await killAndKill(rig, { store, cycles, seed, only: points, said });
    const evidence = await gatherEvidence(rig, {
      patienceMs: PATIENCE_MS,
      said: (words) => said(cycles, `${store}: ${words}`),
    });
    const ownEnds = rig.servers.flatMap((server) => server.ownEnds);
    const isOfAllPoints = points.length === 0;
    const outcome = { store, cycles, kills, isOfAllPoints, columns: checkHistory(evidence, isLife), ownEnds };
    printRound(outcome);
    const { INTERDICT_CRASH_KEEP: keep } = process.env;
    if (keep) cpSync(rig.folder, `${keep}/${store}-${seed}`, { recursive: true });
    return outcome;
  } finally {
    await rig.close();
  }
}

async function runStore(store: StoreName, cycles: number): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let left = cycles; left > 0; left -= CYCLES_A_ROUND) {
    const now = Math.min(left, CYCLES_A_ROUND);
    outcomes.push(await runRound(store, now, campaign.seed + outcomes.length));
    told.before += now;
  }
  return outcomes;
}

async function judgeStore(store: StoreName, cycles: number): Promise<readonly Finding[]> {
  const outcomes = await runStore(store, cycles);
  const table = [...pointTable(store, outcomes)].map(([name, times]) => `${name} ${times}`);
  console.log(`  ${store}, processes killed at each point:\n    ${table.join(', ')}`);
  return judgeRounds(store, outcomes);
}

await warmUp();
const findings: Finding[] = [];
if (only !== 'PostgreSQL') findings.push(...(await judgeStore('SQLite', campaign.count)));
if (only !== 'SQLite') findings.push(...(await judgeStore('PostgreSQL', onPostgres)));
endCampaign(findings);
process.exit();
