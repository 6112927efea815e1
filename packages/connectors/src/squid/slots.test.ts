import { expect, test } from 'vitest';
import { createSlots } from './slots.ts';

const calm = new AbortController().signal;

test('so many run at once, the others in their turn, whether or not one throws', async () => {
  const inSlot = createSlots(2);
  let [running, most] = [0, 0];
  const works = Array.from({ length: 20 }, (_, index) =>
    inSlot(calm, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
      if (index % 3 === 0) throw new Error('on purpose');
      return index;
    }).catch(() => -1),
  );
  expect(await Promise.all(works)).toEqual(Array.from({ length: 20 }, (_, index) => (index % 3 === 0 ? -1 : index)));
  expect(most).toBe(2);
});

test('who waits and gives up is let go at once, and takes no turn', async () => {
  const inSlot = createSlots(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = inSlot(calm, () => promise);
  const abort = new AbortController();
  let hasRun = false;
  const second = inSlot(abort.signal, async () => {
    hasRun = true;
  });
  const third = inSlot(calm, async () => 'third');
  abort.abort();
  await expect(second).rejects.toThrow('ended before its turn');
  await expect(inSlot(AbortSignal.abort(), async () => 1)).rejects.toThrow('ended before its turn');
  resolve();
  await first;
  expect(await third).toBe('third');
  expect(hasRun).toBe(false);
});
