import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { queries } from '../store/queries.ts';
import type { EnforcementRow } from '../store/rows.ts';
import { anId } from '../store/testing/an-action-row.ts';
import { addPause } from '../store/testing/test-units.ts';
import { forgetPastEffects, settleStrays } from './take-back.ts';
import { land } from './testing/ledger-product.ts';
import { cancel, createWorld, pass, request, settleOne, turn, type World } from './testing/ledger-world.ts';

const [TARGET, OTHER] = ['ip:203.0.113.1', 'ip:203.0.113.2'];
const NAME = { provider: 'edge', action: 'BlockIp' } as const;

const rowOf = (world: World, target: string = TARGET): EnforcementRow | undefined =>
  world.store.read(queries.enforcementOf({ ...NAME, target }))[0];

const typesOf = (world: World): readonly string[] =>
  world.store.read(queries.journalAfter({ sequence: 0, limit: 1_000 })).map(({ type }) => type);

/** Until nothing is due. */
function carry(world: World): void {
  for (let rounds = 0; rounds < 20; rounds += 1) {
    while (world.inFlight.length > 0) settleOne(world, world.inFlight[0]);
    if (turn(world) === 0) return;
  }
  throw new Error('It goes on and on.');
}

/** As after a list on which these stand, under our mark. */
const settleListed = (world: World, targets: readonly string[], listedAt = world.clock.time): number =>
  world.store.run(settleStrays, {
    terms: world.terms,
    listedAt,
    effects: targets.map((target) => ({ action: 'BlockIp', target })),
    over: [],
  });

function putAndRelease(world: World): void {
  const id = request(world, TARGET, 3_600_000);
  carry(world);
  cancel(world, id);
  carry(world);
  expect(rowOf(world)).toBeUndefined();
  pass(world, 1_000);
}

describe('an entry of ours that nobody wants', () => {
  let world: World;

  beforeEach(() => {
    world = createWorld(1, { verifyEveryMs: null });
    world.product.enforced.clear();
    world.product.lies.clear();
    world.product.isCalm = true;
  });
  afterEach(() => world.store.close());

  it('is taken back where we had put it there and released it: a call that was late', () => {
    putAndRelease(world);
    land(world.product, 'apply', TARGET);
    expect(settleListed(world, [TARGET])).toBe(1);
    expect(rowOf(world)).toMatchObject({ holds: 0, release_wished_at: world.clock.time, known: 'unknown' });
    carry(world);
    expect(world.product.enforced.has(TARGET)).toBe(false);
    expect(rowOf(world)).toBeUndefined();
    expect(typesOf(world).slice(-3)).toEqual([
      'enforcement.strayFound',
      'securityAction.attempted',
      'securityAction.attempted',
    ]);
    expect(world.store.read(queries.straysAfter({ id: '', limit: 9 }))).toEqual([]);
  });

  it('is taken back again and again, as often as it turns up', () => {
    putAndRelease(world);
    for (let times = 0; times < 3; times += 1) {
      land(world.product, 'apply', TARGET);
      pass(world, 1_000);
      expect(settleListed(world, [TARGET])).toBe(1);
      carry(world);
      expect(world.product.enforced.has(TARGET)).toBe(false);
    }
  });

  it('is not touched where this database knows nothing of it, and is kept to be shown', () => {
    land(world.product, 'apply', OTHER);
    expect(settleListed(world, [OTHER])).toBe(0);
    expect(settleListed(world, [OTHER])).toBe(0);
    carry(world);
    expect(world.product.enforced.get(OTHER)).toBe('ours');
    const strays = world.store.read(queries.straysAfter({ id: '', limit: 9 }));
    expect(strays).toMatchObject([{ ...NAME, target: OTHER, was_ours: 0, seen_at: world.clock.time }]);
    const over = strays.map(({ id }) => id);
    world.store.run(settleStrays, { terms: world.terms, listedAt: world.clock.time, effects: [], over });
    expect(world.store.read(queries.straysAfter({ id: '', limit: 9 }))).toEqual([]);
  });

  it('is none where an action came to want it since the ledger was read', () => {
    request(world, TARGET, 3_600_000);
    carry(world);
    expect(settleListed(world, [TARGET])).toBe(0);
    expect(rowOf(world)).toMatchObject({ known: 'inForce', holds: 1 });
    expect(world.store.read(queries.straysAfter({ id: '', limit: 9 }))).toEqual([]);
  });

  it('is none where the list may be older than its release', () => {
    putAndRelease(world);
    expect(settleListed(world, [TARGET], world.clock.time - 1_000)).toBe(0);
    expect(rowOf(world)).toBeUndefined();
    expect(world.store.read(queries.straysAfter({ id: '', limit: 9 }))).toEqual([]);
  });

  it('is what an action that comes meanwhile wants: it is not released then', () => {
    putAndRelease(world);
    land(world.product, 'apply', TARGET);
    settleListed(world, [TARGET]);
    request(world, TARGET, 3_600_000);
    carry(world);
    expect(rowOf(world)).toMatchObject({ known: 'inForce', holds: 1 });
    expect(world.product.enforced.get(TARGET)).toBe('ours');
  });

  it('was never ours where somebody else had put it there before us', () => {
    world.product.enforced.set(TARGET, 'foreign');
    putAndRelease(world);
    expect(world.product.enforced.get(TARGET)).toBe('foreign');
    expect(settleListed(world, [TARGET])).toBe(0);
    carry(world);
    expect(world.product.enforced.get(TARGET)).toBe('foreign');
  });

  it('is not ours any more once somebody else had put there again what we had released', () => {
    putAndRelease(world);
    world.product.enforced.set(TARGET, 'foreign');
    putAndRelease(world);
    // A product that cannot tell whose it is would list it as ours.
    expect(settleListed(world, [TARGET])).toBe(0);
    expect(rowOf(world)).toBeUndefined();
  });

  it('is known to have been ours for a while, and forgotten then', () => {
    putAndRelease(world);
    expect(world.store.run(forgetPastEffects, { until: world.clock.time - 1_000 })).toBe(false);
    expect(world.store.read(queries.pastEffectAt({ provider: 'edge' })).length).toBe(1);
    world.store.run(forgetPastEffects, { until: world.clock.time });
    expect(world.store.read(queries.pastEffectAt({ provider: 'edge' }))).toEqual([]);
  });
});

describe('in a quarantine', () => {
  it('nothing is taken back: it is shown, and goes when the quarantine is over', () => {
    const world = createWorld(1, { verifyEveryMs: null });
    try {
      world.product.enforced.clear();
      world.product.isCalm = true;
      putAndRelease(world);
      land(world.product, 'apply', TARGET);
      const pause = {
        id: anId(),
        provider: '',
        kind: 'restored',
        reason: 'A test.',
        app_id: 'app',
        user_name: null,
      } as const;
      world.store.run(addPause, { ...pause, since: world.clock.time, until: null });
      expect(settleListed(world, [TARGET])).toBe(0);
      carry(world);
      expect(world.product.enforced.get(TARGET)).toBe('ours');
      expect(world.store.read(queries.straysAfter({ id: '', limit: 9 }))).toMatchObject([{ was_ours: 1 }]);
    } finally {
      world.store.close();
    }
  });
});
