import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DueAction, queries } from '../store/queries.ts';
import { createOwners, noteOwners } from '../store/watch-owners.ts';
import { chooseStarts, windowOf } from './choose-starts.ts';
import type { Start } from './start-action.ts';
import { takeDue } from './take-due.ts';
import { cancel, createWorld, request, settleOne, turn, type World } from './testing/ledger-world.ts';

const due = (id: string, joins: 0 | 1 = 0): DueAction => ({ id, target: id, joins });
const none = (): undefined => undefined;
const ALL = ['1', '2', '3', '4', '5', '6'];

it.each([
  ['the oldest come first', 2, ['1', '2']],
  ['with slots for all of them all', 8, ALL],
  ['without a slot none', 0, []],
])('%s', (_, most, chosen) => {
  const starts = chooseStarts(
    none,
    ALL.map((id) => due(id)),
    most,
  );
  expect(starts.map(({ id }) => id)).toEqual(chosen);
});

it('what joins, or may not start, needs no slot', () => {
  const actions = [due('joins', 1), ...ALL.map((id) => due(id)), due('forbidden'), due('joins too', 1)];
  const refusalOf = ({ id }: DueAction) => (id === 'forbidden' ? 'It is protected.' : undefined);
  expect(chooseStarts(refusalOf, actions, 1)).toEqual([
    { id: 'joins', joins: true },
    { id: '1' },
    { id: 'forbidden', refusal: 'It is protected.' },
    { id: 'joins too', joins: true },
  ]);
});

it('a process considers as much as all that live have slots for, and more of what needs none', () => {
  const owners = createOwners();
  expect(windowOf(owners, 4, 16)).toEqual({ considered: 4, limit: 36 });
  noteOwners(owners, new Set(['a', 'b', 'c']), 0);
  expect(windowOf(owners, 4, 16)).toEqual({ considered: 36, limit: 68 });
  expect(windowOf(owners, 0, 16)).toEqual({ considered: 0, limit: 32 });
  noteOwners(owners, new Set(Array.from({ length: 50 }, (_, index) => `${index}`)), 0);
  expect(windowOf(owners, 4, 16).considered).toBe(512);
});

describe('where others have begun what was read before', () => {
  let world: World;
  beforeEach(() => {
    world = createWorld(1, { probes: false, seesForeign: false, verification: 'reported' });
  });
  afterEach(() => world.store.close());

  /** As many as there are slots for. @returns the places of those that were begun */
  function take(starts: readonly Start[], apply: number, ends: readonly string[] = []): readonly number[] {
    const providers = [
      {
        terms: world.terms,
        free: { release: 2, apply, verify: 2 },
        starts,
        notBefore: {},
        window: 50,
        freshFirst: false,
      },
    ];
    const turn = { owner: 'me', random: 0.5, ends, arrived: [], skip: [], maySuspect: false, providers };
    const { calls } = world.store.run(takeDue, turn);
    return calls.map(({ call }) => world.ids.indexOf(call.request.actionId));
  }

  it('those that are left are begun, in order, and none twice', () => {
    for (let last = 1; last <= 6; last += 1) request(world, `ip:198.51.100.${last}`, 3_600_000);
    const starts = world.ids.map((id) => ({ id }));
    expect(take(starts, 2)).toEqual([0, 1]);
    cancel(world, world.ids[2]);
    expect(take(starts, 2)).toEqual([3, 4]);
    expect(take(starts, 2)).toEqual([5]);
    expect(take(starts, 2)).toEqual([]);
  });

  it('what joins an effect in force does so behind however many that wait for a slot, and no release goes before it', () => {
    const target = 'ip:198.51.100.100';
    const first = request(world, target, 5_000);
    world.product.isCalm = true;
    turn(world);
    for (const flying of [...world.inFlight]) settleOne(world, flying);
    for (let last = 1; last <= 40; last += 1) request(world, `ip:198.51.100.${last}`, 3_600_000);
    const renewal = request(world, target, 3_600_000);
    world.clock.time += 6_000;
    const starts = [...world.ids.slice(1, 4).map((id) => ({ id })), { id: renewal, joins: true as const }];
    // Told its later end in the slot that there is.
    expect(take(starts, 1, [first])).toEqual([world.ids.indexOf(renewal)]);
    const [row] = world.store.read(queries.enforcementOf({ provider: 'edge', action: 'BlockIp', target }));
    expect(row).toMatchObject({ holds: 1, known: 'inForce', release_wished_at: null });
  });

  it('what may not start ends all the same, and takes nobody its slot', () => {
    for (let last = 1; last <= 3; last += 1) request(world, `ip:198.51.100.${last}`, 3_600_000);
    const [first, second, third] = world.ids as [string, string, string];
    expect(take([{ id: first, refusal: 'It is protected.' }, { id: second }, { id: third }], 1)).toEqual([1]);
    const [ended] = world.store.read(queries.actionById({ id: first }));
    expect(ended?.status).toBe('Failed');
    expect(take([{ id: second }, { id: third }], 1)).toEqual([2]);
  });
});
