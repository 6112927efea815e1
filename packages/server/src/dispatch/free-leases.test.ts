import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { queries } from '../store/queries.ts';
import type { EnforcementRow } from '../store/rows.ts';
import { LATENESS_MS, land } from './testing/ledger-product.ts';
import { cancel, crash, createWorld, pass, request, settleOne, turn, type World } from './testing/ledger-world.ts';

const TARGET = 'ip:203.0.113.1';
const HOUR_MS = 3_600_000;
/** Within the lease of a call, which is 35 s. */
const TAKEN_AFTER_MS = 5_000;

let world: World;
beforeEach(() => {
  world = createWorld(1, { seesForeign: false });
  world.product.isCalm = true;
  world.product.lies.clear();
  world.product.enforced.clear();
});
afterEach(() => world.store.close());

function ledger(): EnforcementRow {
  const [row] = world.store.read(queries.enforcementOf({ provider: 'edge', action: 'BlockIp', target: TARGET }));
  if (!row) throw new Error('It is gone.');
  return row;
}

const stateOf = (id: string): string | undefined => world.store.read(queries.actionById({ id }))[0]?.state;

function work(): void {
  while (turn(world) > 0 || world.inFlight.length > 0) for (const call of [...world.inFlight]) settleOne(world, call);
}

/** A call is under way; its process is taken for dead a little later. @returns until when its lease ran */
function lose(kind: 'apply' | 'release', mayLive: boolean): number {
  turn(world);
  expect(world.inFlight.map(({ leased }) => leased.kind)).toEqual([kind]);
  const until = ledger().lease_until ?? 0;
  // What became of the call is up to the test.
  world.inFlight.length = 0;
  pass(world, TAKEN_AFTER_MS);
  crash(world, mayLive);
  expect(ledger().lease_owner).toBeNull();
  return until;
}

describe('a lease that is taken from who may live', () => {
  it('leaves its apply time to land until it would have run out: released is not said before that', () => {
    const id = request(world, TARGET, HOUR_MS);
    const until = lose('apply', true);
    expect(ledger().settles_at).toBe(until + LATENESS_MS);
    cancel(world, id);
    work();
    expect(stateOf(id)).toBe('releasing');
    pass(world, until + LATENESS_MS - 1 - world.clock.time);
    work();
    expect(stateOf(id)).toBe('releasing');
    // The process lived: its call lands at the last moment.
    land(world.product, 'apply', TARGET);
    pass(world, 1);
    work();
    expect(stateOf(id)).toBe('released');
    expect(world.product.enforced.size).toBe(0);
  });

  it('is not forgotten for an attempt since whose answer is lost', () => {
    world.store.close();
    world = createWorld(1, { seesForeign: false, probes: false, latenessMs: 1_000 });
    world.product.isCalm = true;
    request(world, TARGET, HOUR_MS);
    const until = lose('apply', true);
    pass(world, 1_000);
    lose('apply', false);
    expect(ledger().settles_at).toBe(until + 1_000);
  });

  it('leaves its release as long: nothing is applied before that', () => {
    const first = request(world, TARGET, HOUR_MS);
    work();
    cancel(world, first);
    const until = lose('release', true);
    expect(ledger().unanswered_until).toBe(until + LATENESS_MS);
    request(world, TARGET, HOUR_MS);
    work();
    pass(world, until + LATENESS_MS - 1 - world.clock.time);
    expect(turn(world)).toBe(0);
    pass(world, 1);
    expect(turn(world)).toBe(1);
  });
});

it('a lease of the dead leaves its call the lateness alone', () => {
  request(world, TARGET, HOUR_MS);
  lose('apply', false);
  expect(ledger().settles_at).toBe(world.clock.time + LATENESS_MS);
});
