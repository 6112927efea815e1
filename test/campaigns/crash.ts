import { cpSync } from 'node:fs';
import { checkHistory } from '../crash/check-history.ts';
import type { Columns } from '../crash/evidence.ts';
import { gatherEvidence } from '../crash/gather-evidence.ts';
import { pointsOf, type StoreName } from '../crash/point-plan.ts';
import { openRig } from '../crash/rig.ts';
import { type Kills, killAndKill } from '../crash/round.ts';
import { beginCampaign, boundOf, createProgress, endCampaign, type Finding } from './campaign.ts';

/**
 * `npm run crash`: what was acknowledged is kept and carried out once, however often the servers are killed. `count`
 * is the number of cycles over SQLite; over PostgreSQL there are 0.4 (short) or a third (long) as many. A cycle is a kill
 * at random, in half of them another during the start that follows, and one at a named point of each process.
 */
const CYCLES_A_ROUND = 50;
const PATIENCE_MS = 90_000;
const LATEST_RELEASE_MS = 120_000;
/** Whole lives, whose requests are not in the history. */
const isLife = (target: string): boolean => target.startsWith('ip:2001:db8:f');

interface Outcome {
  readonly store: StoreName;
  readonly cycles: number;
  readonly kills: Kills;
  readonly columns: Columns;
}

const campaign = beginCampaign('crash', { long: 3_000, short: 50 });
const onPostgres = Math.ceil(campaign.count * (campaign.isShort ? 0.4 : 1 / 3));
const progress = createProgress(campaign.count + onPostgres);
let done = 0;

function printRound({ store, cycles, kills, columns }: Outcome): void {
  const figures = Object.entries(columns).map(
    ([name, value]) => `${name} ${Array.isArray(value) ? value.length : value}`,
  );
  const { atRandom, duringStart, ofAll, atPoint, notReached, longestStartMs } = kills;
  console.log(
    `  ${store}, ${cycles} cycles: killed ${atRandom} × at random (${ofAll} × all), ${duringStart} × during the start, ` +
      `at ${atPoint.size} points (not reached: ${notReached.join(', ') || 'none'}), longest start ${Math.round(longestStartMs)} ms`,
  );
  console.log(`    ${figures.join(', ')}`);
  for (const [name, value] of Object.entries(columns)) {
    if (Array.isArray(value)) for (const words of value.slice(0, 3)) console.log(`    ${name}: ${words}`);
  }
}

async function runRound(store: StoreName, cycles: number, seed: number): Promise<Outcome> {
  const rig = await openRig(store, seed);
  try {
    const said = (cycle: number, words: string): void => progress(done + cycle, words);
    const kills = await killAndKill(rig, { store, cycles, seed, said });
    const evidence = await gatherEvidence(rig, PATIENCE_MS);
    const outcome = { store, cycles, kills, columns: checkHistory(evidence, isLife) };
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
    done += now;
  }
  return outcomes;
}

const sum = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + of(outcome), 0);

function none(promise: string, store: StoreName, found: readonly (readonly string[])[], seen?: string): Finding {
  const all = found.flat();
  return {
    promise: `${store}: ${promise}`,
    seen,
    broken: all.length === 0 ? undefined : `${all.length}: ${all.slice(0, 5).join('; ')}`,
  };
}

function judge(store: StoreName, outcomes: readonly Outcome[]): readonly Finding[] {
  const of = (name: keyof Columns): readonly (readonly string[])[] =>
    outcomes.map(({ columns }) => columns[name] as readonly string[]);
  const count = (name: keyof Columns): number => sum(outcomes, ({ columns }) => Number(columns[name]));
  const kills = sum(outcomes, ({ kills: { atRandom, duringStart, atPoint } }) => atRandom + duringStart + atPoint.size);
  const reached = new Set(outcomes.flatMap(({ kills: { atPoint } }) => [...atPoint]));
  const missed = pointsOf(store).filter((name) => !reached.has(name));
  const late = Math.max(...outcomes.map(({ columns }) => columns.latestReleaseMs));
  const notReady = sum(outcomes, (outcome) => outcome.kills.notReady);
  return [
    none(
      'what was acknowledged is there',
      store,
      of('lost'),
      `${count('acknowledged')} of ${count('attempted')} acknowledged, ${count('recovered')} more recovered, ${kills} kills, ${boundOf(kills)} a kill`,
    ),
    none('nothing is there that nobody asked for', store, of('unexpected')),
    none(
      'a key makes one action',
      store,
      of('duplicatedByKey'),
      `without a key ${count('keylessDuplicated')} of ${count('keylessRepeated')} repeats made a second one`,
    ),
    none(
      'an effect is put in force by one operation',
      store,
      of('duplicatedEffects'),
      `${count('repeatedCalls')} calls were sent again under theirs`,
    ),
    none('nothing is stuck', store, of('stuck')),
    none('no transition is illegal, and nothing final changes', store, of('illegalTransitions')),
    none('what was cancelled does not come to be', store, of('uncancelled')),
    none('nothing is Completed that was never applied', store, of('phantoms')),
    none('every change and every call is in the journal, before it', store, of('unaudited')),
    none(
      'nothing is released before its end',
      store,
      of('prematureReleases'),
      `${count('expired')} ended by themselves, the latest release came ${late} ms after its end, restarts included`,
    ),
    none('nothing is in force that nobody wants', store, of('zombies')),
    none('what reads inForce is in force', store, of('missing')),
    {
      promise: `${store}: a release comes within ${LATEST_RELEASE_MS / 1_000} s of its end`,
      broken: late <= LATEST_RELEASE_MS ? undefined : `${late} ms`,
    },
    {
      promise: `${store}: the server starts by itself after every kill`,
      broken: notReady === 0 ? undefined : `${notReady} starts`,
    },
    {
      promise: `${store}: every failpoint was reached`,
      seen: `${reached.size} of ${pointsOf(store).length}`,
      broken: missed.length === 0 ? undefined : missed.join(', '),
    },
  ];
}

const { INTERDICT_CRASH_STORE: only } = process.env;
const findings: Finding[] = [];
if (only !== 'PostgreSQL') findings.push(...judge('SQLite', await runStore('SQLite', campaign.count)));
if (only !== 'SQLite') findings.push(...judge('PostgreSQL', await runStore('PostgreSQL', onPostgres)));
endCampaign(findings);
process.exit();
