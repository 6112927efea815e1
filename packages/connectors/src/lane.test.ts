import { expect, test } from 'vitest';
import { createLane } from './lane.ts';

const calm = (): AbortSignal => new AbortController().signal;

/** A lane that answers an item with itself, once its batch is let go. */
function createSlowLane() {
  const batches: string[][] = [];
  const gates: (() => void)[] = [];
  const lane = createLane<string, string>({
    async run(tickets) {
      const taken = tickets.filter((ticket) => ticket.take());
      batches.push(taken.map(({ item }) => item));
      await new Promise<void>((resolve) => gates.push(resolve));
      for (const { item, settle } of taken) {
        if (item === 'bad') throw new Error('bad batch');
        settle(item);
      }
    },
    giveUp: ({ settle }) => settle('given up'),
  });
  /** Lets the batch of that number go, once it is under way. */
  const letGo = async (index: number): Promise<void> => {
    await expect.poll(() => gates[index]).toBeDefined();
    gates[index]?.();
  };
  return { lane, batches, letGo };
}

test('what comes in one turn goes together, and what comes meanwhile forms the next', async () => {
  const { lane, batches, letGo } = createSlowLane();
  const first = [lane.submit('a', calm()), lane.submit('b', calm())];
  await expect.poll(() => batches.length).toBe(1);
  const second = [lane.submit('c', calm()), lane.submit('d', calm())];
  await letGo(0);
  await letGo(1);
  expect(await Promise.all([...first, ...second])).toEqual(['a', 'b', 'c', 'd']);
  expect(batches).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
});

test('who gives up while waiting is answered at once, and is not carried out', async () => {
  const { lane, batches, letGo } = createSlowLane();
  const first = lane.submit('a', calm());
  await expect.poll(() => batches.length).toBe(1);
  const abort = new AbortController();
  const second = lane.submit('b', abort.signal);
  const third = lane.submit('c', calm());
  abort.abort();
  expect(await second).toBe('given up');
  await letGo(0);
  await letGo(1);
  expect([await first, await third]).toEqual(['a', 'c']);
  expect(batches).toEqual([['a'], ['c']]);
});

test('who gave up before he came is not carried out', async () => {
  const { lane, batches } = createSlowLane();
  expect(await lane.submit('a', AbortSignal.abort())).toBe('given up');
  expect(batches.flat()).toEqual([]);
});

test('a run that throws fails those whom it left without answer, and the lane goes on', async () => {
  const { lane, letGo } = createSlowLane();
  const answers = [lane.submit('a', calm()), lane.submit('bad', calm()), lane.submit('c', calm())];
  const settled = Promise.allSettled(answers);
  await letGo(0);
  expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  const next = lane.submit('d', calm());
  await letGo(1);
  expect(await next).toBe('d');
});

test('closing answers those who wait, and waits for what is under way', async () => {
  const { lane, batches, letGo } = createSlowLane();
  const first = lane.submit('a', calm());
  await expect.poll(() => batches.length).toBe(1);
  const second = lane.submit('b', calm());
  const closed = lane.close();
  expect(await second).toBe('given up');
  await letGo(0);
  await closed;
  expect([await first, await lane.submit('c', calm())]).toEqual(['a', 'given up']);
  expect(batches).toEqual([['a']]);
});
