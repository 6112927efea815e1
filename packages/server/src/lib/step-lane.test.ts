import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createStepLane, inLane } from './step-lane.ts';

it('gives each owner its turn, however many tasks another one has', async () => {
  const lane = createStepLane(1);
  const done: string[] = [];
  const run = (owner: string, name: string): Promise<void> =>
    inLane(lane, owner, async () => {
      await nextTurn();
      done.push(name);
    });
  await Promise.all([
    run('a', 'a1'),
    run('a', 'a2'),
    run('a', 'a3'),
    run('b', 'b1'),
    run('b', 'b2'),
    run('c', 'c1'),
    run('a', 'a4'),
  ]);
  expect(done).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  expect(lane.waiting.size).toBe(0);
  expect(lane.free).toBe(1);
});

it('goes on behind a task that failed', async () => {
  const lane = createStepLane(1);
  const failed = inLane(lane, 'a', () => Promise.reject(new Error('no')));
  const next = inLane(lane, 'b', async () => 'yes');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});
