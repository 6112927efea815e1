import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createStepLane } from '../lib/step-lane.ts';
import type { Store } from '../store/store.ts';
import type { Query } from '../store/work.ts';
import type { ToldRow } from './change-notices.ts';
import { judgeActions, READ_AT_ONCE } from './judge-actions.ts';

const SUBSCRIPTIONS = 20;
const ACTIONS = 40;
const parameters = Array.from({ length: 60 }, (_, index) => ({ name: `P${index}`, value: 'x'.repeat(4_000) }));
const ENTITY = JSON.stringify({ status: 'Completed', parameters });

/** Counts what is read, and how many whole actions the store has on their way at the same time. */
function aStore(entity = ENTITY) {
  const seen = { names: new Set<string>(), whole: 0, mostWhole: 0 };
  const read = async (_: string, { name, args }: Query<object>): Promise<readonly object[]> => {
    const isWhole = name === 'entityById';
    seen.names.add(name);
    if (isWhole) seen.whole += 1;
    seen.mostWhole = Math.max(seen.mostWhole, seen.whole);
    await nextTurn();
    if (isWhole) seen.whole -= 1;
    const row = { ...args, version: 3, live_offset: null, hold: 'none', holds: null, verified_at: null };
    return [isWhole ? { ...row, created_at: '', entity, seed_entity: null } : row];
  };
  const store = { read, clock: { now: () => 1_800_000_000_000 } } as unknown as Pick<Store, 'read' | 'clock'>;
  return { seen, store };
}

const rows = Array.from(
  { length: ACTIONS },
  (_, index) => ({ sequence: index + 1, event: 'updated', action_id: `a${index}` }) as ToldRow,
);

/** The longest that anybody else waited for the event loop while `task` ran. */
async function longestWait(task: Promise<unknown>): Promise<number> {
  let [isOver, longest] = [false, 0];
  const end = (): void => {
    isOver = true;
  };
  void task.then(end, end);
  while (!isOver) {
    const since = performance.now();
    await nextTurn();
    longest = Math.max(longest, performance.now() - since);
  }
  return longest;
}

const judgeAll = (store: Pick<Store, 'read' | 'clock'>, filter: string | null, count = SUBSCRIPTIONS) => {
  const judging = { store, lane: createStepLane(READ_AT_ONCE), tenantId: 't' };
  return Promise.all(Array.from({ length: count }, () => judgeActions(judging, { filter }, rows)));
};

it('what there is no time for waits for the next body, with all that stands behind it', async () => {
  const judging = { store: aStore().store, lane: createStepLane(READ_AT_ONCE), tenantId: 't' };
  const deleted = rows.map((row, index) => (index === 3 ? { ...row, event: 'deleted' as const } : row));
  const { actions, endsBefore } = await judgeActions(judging, { filter: "status eq 'Completed'" }, deleted, 0);
  expect([...actions.keys()]).toEqual(['a0', 'a1', 'a2', 'a4', 'a5', 'a6', 'a7', 'a8']);
  expect(endsBefore).toBe(10);
  const all = await judgeActions(judging, { filter: "status eq 'Completed'" }, deleted);
  expect([all.actions.size, all.endsBefore]).toEqual([ACTIONS - 1, undefined]);
});

it('large actions that many subscriptions filter are read a few at a time, and hold nobody up', async () => {
  const { seen, store } = aStore();
  const judged = judgeAll(store, "parameters/any(p:p/name eq 'P59')");
  const longest = await longestWait(judged);
  for (const { actions } of await judged) {
    expect(actions.size).toBe(ACTIONS);
    expect([...actions.values()].every(({ tag, passes }) => tag === '3' && passes)).toBe(true);
  }
  expect(seen.mostWhole).toBeLessThanOrEqual(8);
  expect(longest, 'ms').toBeLessThan(100);
});

it('without a filter nothing is read of an action but its tag', async () => {
  const { seen, store } = aStore();
  const [judged] = await judgeAll(store, null);
  expect(judged?.actions.get('a0')).toMatchObject({ tag: '3', passes: true });
  expect([...seen.names]).toEqual(['tagById']);
});

it('an action of which a filter goes through too much text is told', async () => {
  const long = JSON.stringify({ parameters: [{ name: 'comment', value: 'x'.repeat(200_000) }] });
  const filter = `parameters/any(p:contains(p/value,'${'x'.repeat(700)}y${'x'.repeat(700)}'))`;
  const [judged] = await judgeAll(aStore(long).store, filter, 1);
  expect(judged?.actions.get('a0')).toMatchObject({ tag: '3', passes: true });
  const [fewer] = await judgeAll(aStore().store, "parameters/any(p:contains(tolower(p/value),'nope'))", 1);
  expect(fewer?.actions.get('a0')).toMatchObject({ passes: false });
});
