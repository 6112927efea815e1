import { expect, it } from 'vitest';
import { createGroupQueue, drained, enqueue, type GroupQueue, isIdle } from './group.ts';

const LARGEST = 8;

/** A queue whose groups are told: each unit by its tenant and its number. */
function aQueue(): { readonly queue: GroupQueue; readonly groups: string[][] } {
  const groups: string[][] = [];
  const queue = createGroupQueue(async (calls) => {
    groups.push(calls.map(({ tenantId, args }) => `${tenantId}${String(args)}`));
    return calls.map(() => ({ value: undefined }));
  }, LARGEST);
  return { queue, groups };
}

const add = (queue: GroupQueue, tenantId: string, count: number, urgent = false): void => {
  for (let args = 1; args <= count; args += 1) void enqueue(queue, { tenantId, unit: 'any', args }, { urgent });
};

it('takes the units of one tenant in the order in which they came, in groups of the largest size', async () => {
  const { queue, groups } = aQueue();
  add(queue, 'a', 11);
  await drained(queue);
  expect(groups).toEqual([
    ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8'],
    ['a9', 'a10', 'a11'],
  ]);
});

it("takes as many of each tenant, and what one has too few of is another's", async () => {
  const { queue, groups } = aQueue();
  add(queue, 'flood', 20);
  add(queue, 'b', 1);
  add(queue, 'c', 5);
  await drained(queue);
  expect(groups.map((group) => group.toSorted())).toEqual([
    ['b1', 'c1', 'c2', 'c3', 'flood1', 'flood2', 'flood3', 'flood4'],
    ['c4', 'c5', 'flood10', 'flood5', 'flood6', 'flood7', 'flood8', 'flood9'],
    ['flood11', 'flood12', 'flood13', 'flood14', 'flood15', 'flood16', 'flood17', 'flood18'],
    ['flood19', 'flood20'],
  ]);
});

it('comes to each of more tenants than a group holds, in turn', async () => {
  const { queue, groups } = aQueue();
  for (let tenant = 10; tenant < 22; tenant += 1) add(queue, `${tenant}-`, 2);
  await drained(queue);
  const [first = [], second = [], third = []] = groups;
  expect(first).toEqual(['10-1', '11-1', '12-1', '13-1', '14-1', '15-1', '16-1', '17-1']);
  expect(second).toEqual(['18-1', '19-1', '20-1', '21-1', '10-2', '11-2', '12-2', '13-2']);
  expect(third).toHaveLength(8);
});

it('takes what is urgent ahead of everything, in turn too', async () => {
  const { queue, groups } = aQueue();
  add(queue, 'a', 20);
  add(queue, 'a', 9, true);
  add(queue, 'b', 1, true);
  await drained(queue);
  expect(groups[0]).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'a5', 'a6', 'a7']);
  expect(groups[1]).toEqual(['a8', 'a9', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6']);
});

it('keeps a repeat and what it repeats in groups of their own, in order, and nothing else', async () => {
  const { queue, groups } = aQueue();
  const request = (args: string, name: string, isRepeat: boolean, tenantId = ''): void =>
    void enqueue(queue, { tenantId, unit: 'any', args }, { apart: { name, isRepeat } });
  const text = (): string[][] => groups.splice(0);
  request('x1', 'x', false);
  request('x2', 'x', false);
  request('y1', 'y', true);
  request('x3', 'x', true);
  request('z1', 'z', false);
  request('o1', 'o', false, 'other ');
  await drained(queue);
  expect(text()).toEqual([
    ['x1', 'x2', 'y1', 'other o1'],
    ['x3', 'z1'],
  ]);
  request('x4', 'x', true);
  request('x5', 'x', true);
  request('x6', 'x', false);
  await drained(queue);
  expect(text()).toEqual([['x4'], ['x5'], ['x6']]);
});

it('carries the next group while one is told', async () => {
  let isTold = false;
  let wasTold: boolean | undefined;
  const queue = createGroupQueue(async (calls) => {
    wasTold = isTold;
    return calls.map(() => ({ value: undefined }));
  }, 40);
  const told = Array.from({ length: 40 }, (_, args) => enqueue(queue, { tenantId: 'a', unit: 'any', args }));
  const all = Promise.all(told).then(() => {
    isTold = true;
  });
  await told[0];
  await enqueue(queue, { tenantId: 'b', unit: 'any', args: 0 });
  expect(wasTold).toBe(false);
  await all;
});

it('keeps what is in no hurry for whatever comes next, or for a few milliseconds', async () => {
  const { queue, groups } = aQueue();
  const patient = (args: number): Promise<unknown> =>
    enqueue(queue, { tenantId: 'p', unit: 'any', args }, { patient: true });
  void patient(1);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(groups, 'nothing takes it along').toEqual([]);
  add(queue, 'a', 1);
  await drained(queue);
  expect(groups).toEqual([['p1', 'a1']]);
  await patient(2);
  expect(groups, 'nobody came').toEqual([['p1', 'a1'], ['p2']]);
  const last = patient(3);
  await drained(queue);
  await last;
  expect(isIdle(queue)).toBe(true);
});

/** Who was told in which round of the event loop, as the units' numbers. */
async function toldByRound(queue: GroupQueue, units: number, during: (round: number) => void): Promise<string[][]> {
  const rounds: string[][] = [[]];
  const all = Array.from({ length: units }, (_, at) =>
    enqueue(queue, { tenantId: 'a', unit: 'any', args: at }).then(() => rounds.at(-1)?.push(`${at}`)),
  );
  let isOver = false;
  const count = (): void => {
    if (isOver) return;
    during(rounds.length);
    rounds.push([]);
    setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(all);
  isOver = true;
  return rounds.filter((round) => round.length > 0);
}

it('tells a large group some at a time: others go in between', async () => {
  const queue = createGroupQueue(async (calls) => calls.map(() => ({ value: undefined })), 100);
  const rounds = await toldByRound(queue, 100, () => undefined);
  expect(rounds.flat()).toEqual(Array.from({ length: 100 }, (_, at) => `${at}`));
  expect(Math.max(...rounds.map((round) => round.length))).toBeLessThanOrEqual(16);
});

it('carries what is urgent while a large group is being told, and tells it first', async () => {
  const queue = createGroupQueue(async (calls) => calls.map(() => ({ value: undefined })), 200);
  const urgent: number[] = [];
  let told = 0;
  const rounds = await toldByRound(queue, 200, () => {
    told += 1;
    if (told !== 3) return;
    void enqueue(queue, { tenantId: 'a', unit: 'any', args: 'cancel' }, { urgent: true }).then(() => urgent.push(told));
  });
  expect(rounds.length).toBeGreaterThan(10);
  expect(urgent[0]).toBeLessThan(7);
});
