import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Store } from '../store/store.ts';
import type { AwakeRow } from '../store/subscription-queries.ts';
import { createDeliverer, type Deliverer } from './deliverer.ts';
import { doubtOneself, findFree, watchOthers } from './watch-leases.ts';

const NOW = 1_000;
const UNTIL = 61_000;
const aRow = (id: string, lease_owner: string | null, lease_until = UNTIL): AwakeRow => ({
  id,
  app_id: 'app',
  host: 'hooks.example',
  failing: 0,
  lease_owner,
  lease_until,
});

let live: string[];
let deliverer: Deliverer;

function create(hints?: Store['hints']): Deliverer {
  const store = { leaseOwner: 'own', liveLeaseOwners: async () => new Set(['own', ...live]), ...(hints && { hints }) };
  return createDeliverer({
    store: store as unknown as Store,
    secretsKey: Buffer.alloc(32),
    post: () => Promise.reject(new Error('Nothing is posted.')),
    answerWithinMs: 10_000,
    random: Math.random,
    onFault: () => undefined,
  });
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  live = [];
  deliverer = create({ tell: () => undefined, hear: () => undefined });
});
afterEach(() => void vi.useRealTimers());

const freeOf = async (...rows: readonly AwakeRow[]): Promise<string[]> =>
  (await findFree(deliverer, rows, NOW)).map(({ row, left }) => `${row.id}${left ? ` of ${left.owner}` : ''}`);

/** Who lives is asked for so long. */
async function watch(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    vi.advanceTimersByTime(500);
    await watchOthers(deliverer);
    doubtOneself(deliverer);
  }
}

it('what nobody has, this one has, or had its time is free', async () => {
  live = ['other'];
  await watchOthers(deliverer);
  const rows = [aRow('1', null), aRow('2', 'own'), aRow('3', 'other', NOW), aRow('4', 'other')];
  expect(await freeOf(...rows)).toEqual(['1', '2', '3']);
});

it('what one has who is missing is free four seconds later', async () => {
  live = ['other'];
  await watch(500);
  live = [];
  await watch(4_000);
  expect(await freeOf(aRow('1', 'other'))).toEqual([]);
  await watch(500);
  expect(await freeOf(aRow('1', 'other'))).toEqual(['1 of other']);
});

it('whoever was never seen is missed from when its lease was found', async () => {
  expect(await freeOf(aRow('1', 'other')), 'before anybody was asked').toEqual([]);
  await watch(3_500);
  expect(await freeOf(aRow('1', 'other'))).toEqual([]);
  await watch(500);
  expect(await freeOf(aRow('1', 'other'))).toEqual(['1 of other']);
});

it('whoever comes back keeps what it has by then, and is missed anew when it goes', async () => {
  await freeOf(aRow('1', 'other'));
  await watch(4_500);
  live = ['other'];
  expect(await freeOf(aRow('1', 'other')), 'before the next round').toEqual([]);
  await watch(500);
  live = [];
  await watch(4_000);
  expect(await freeOf(aRow('1', 'other'))).toEqual([]);
});

it('where no other process can use the store, every lease of another is free', async () => {
  deliverer = create();
  expect(await freeOf(aRow('1', 'other'))).toEqual(['1 of other']);
});

it('one that nobody sees breaks off after two seconds, and goes on when it is seen', async () => {
  await watch(500);
  const { signal } = deliverer.doubt;
  const { store } = deliverer.deps;
  const { liveLeaseOwners } = store;
  Object.assign(store, { liveLeaseOwners: async () => new Set(['other']) });
  await watch(2_000);
  expect(signal.aborted).toBe(false);
  await watch(500);
  expect(signal.aborted).toBe(true);
  Object.assign(store, { liveLeaseOwners });
  await watch(500);
  expect(signal.aborted, 'what was broken off stays so').toBe(true);
  expect(deliverer.doubt.signal.aborted).toBe(false);
});
