import { describe, expect, it } from 'vitest';
import { openDatabase } from '../sim/database.ts';
import { runSeed } from '../sim/run-seed.ts';
import { SABOTAGES } from '../sim/sabotage.ts';

/** Not every run has what a promise is about: a guarded target, an outage beyond a deadline. */
const SEEDS = 60;

describe('the simulation', () => {
  const database = openDatabase();

  it('breaks no promise, and makes the same run of the same seed', async () => {
    const runs = [];
    for (let seed = 1; seed <= 12; seed += 1) runs.push(await runSeed(database, seed));
    expect(runs.flatMap(({ broken }) => broken)).toEqual([]);
    expect(new Set(runs.map(({ hash }) => hash)).size).toBe(runs.length);
    expect((await runSeed(database, 3)).hash).toBe(runs[2]?.hash);
  });

  it.each(Object.entries(SABOTAGES))('sees that %s', async (_, sabotage) => {
    let found: readonly string[] = [];
    for (let seed = 1; seed <= SEEDS && found.length === 0; seed += 1) {
      const { broken } = await runSeed(database, seed, undefined, sabotage);
      found = broken.filter((what) => what.includes(sabotage.says));
    }
    expect(found).not.toEqual([]);
  });
});
