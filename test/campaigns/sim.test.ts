import { describe, expect, it } from 'vitest';
import { openDatabase } from '../sim/database.ts';
import { runSeed } from '../sim/run-seed.ts';

describe('the simulation', () => {
  const database = openDatabase();

  it('breaks no promise, and makes the same run of the same seed', async () => {
    const runs = [];
    for (let seed = 1; seed <= 12; seed += 1) runs.push(await runSeed(database, seed));
    expect(runs.flatMap(({ broken }) => broken)).toEqual([]);
    expect(new Set(runs.map(({ hash }) => hash)).size).toBe(runs.length);
    expect((await runSeed(database, 3)).hash).toBe(runs[2]?.hash);
  });

  it.each([
    ['I8', "update action set entity = json_set(entity, '$.actionReason', 'changed')"],
    ['I8', 'update tenant set last_sequence = last_sequence + 1'],
    ['two things', "update action set status = 'Running' where status = 'Completed'"],
  ])('sees that %s is broken by: %s', async (promise, sabotage) => {
    const { db } = database.engine;
    let lines = 0;
    const { broken } = await runSeed(database, 5, () => {
      lines += 1;
      if (lines > 40 && !db.isTransaction) db.exec(sabotage);
    });
    expect(broken[0]).toContain(promise);
  });
});
