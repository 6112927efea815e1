import { expect, test } from 'vitest';
import { queries } from '../store/queries.ts';
import { cancel, crash, createWorld, pass, request, settleOne, turn, type World } from './testing/ledger-world.ts';

const SEEDS = 40;
const STEPS = 120;

function step(world: World): void {
  const chance = world.random();
  if (chance < 0.2) request(world);
  else if (chance < 0.32) cancel(world);
  else if (chance < 0.6) turn(world);
  else if (chance < 0.85) settleOne(world);
  else if (chance < 0.95) pass(world, Math.floor(world.random() * 30_000));
  else if (chance < 0.98) pass(world, 3_600_000);
  else crash(world);
}

/** All that a list shows, in any of its forms. */
function listOf({ store }: World): string {
  const rows = store.read(queries.feedEntries({ provider: 'edge', action: 'BlockIp', after: '', limit: 100 }));
  const holds = store.read(queries.holdsAfter({ enforcement_id: '', id: '', limit: 1_000 }));
  const listed = rows.map(({ id, target, wanted_until }) => [
    target,
    wanted_until,
    holds.filter(({ enforcement_id }) => enforcement_id === id).map((hold) => hold.id),
  ]);
  return JSON.stringify(listed);
}

const lastSequence = ({ store }: World, known: number): number =>
  store.read(queries.journalAfter({ sequence: known, limit: 10_000 })).at(-1)?.sequence ?? known;

/** @returns how often the list had changed, and how often the journal said that it may have */
function live(seed: number): { readonly changes: number; readonly told: number } {
  const world = createWorld(seed, {});
  let [list, sequence, changes, told] = ['[]', 0, 0, 0];
  for (let count = 0; count < STEPS; count += 1) {
    step(world);
    const [listNow, until] = [listOf(world), lastSequence(world, sequence)];
    const found = world.store.read(queries.feedChange({ provider: 'edge', action: 'BlockIp', after: sequence, until }));
    if (listNow !== list && found.length === 0) throw new Error(`Seed ${seed}: ${list} became ${listNow}, untold.`);
    changes += listNow === list ? 0 : 1;
    told += found.length === 0 ? 0 : 1;
    [list, sequence] = [listNow, until];
  }
  world.store.close();
  return { changes, told };
}

test('no list changes without an entry in the journal that says so, and most of those entries are right', () => {
  const lives = Array.from({ length: SEEDS }, (_, seed) => live(seed + 1));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const [changes, told] = [sum(lives.map((one) => one.changes)), sum(lives.map((one) => one.told))];
  expect(changes).toBeGreaterThan(SEEDS * 5);
  expect(changes / told).toBeGreaterThan(0.5);
});
