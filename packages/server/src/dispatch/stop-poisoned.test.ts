import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entity } from '../actions/entity.ts';
import { queries } from '../store/queries.ts';
import type { EnforcementRow } from '../store/rows.ts';
import { addPause } from '../store/testing/test-units.ts';
import { takeDue } from './take-due.ts';
import { aPause, resumeAll } from './testing/ledger-pauses.ts';
import { cancel, crash, createWorld, request, settleOne, turn, type World } from './testing/ledger-world.ts';

const [BAD, GOOD] = ['ip:203.0.113.1', 'ip:203.0.113.2'];
const HOUR_MS = 3_600_000;

let world: World;
beforeEach(() => {
  world = createWorld(1, { probes: false, seesForeign: false, verification: 'reported' });
  world.product.isCalm = true;
});
afterEach(() => world.store.close());

const flying = (target: string): World['inFlight'][number] | undefined =>
  world.inFlight.find(({ leased }) => `${leased.call.target.kind}:${leased.call.target.value}` === target);

/** Calls of everything else end; that of the bad one takes the process with it. */
function dieOf(target: string, before: () => void = () => undefined): void {
  while (!flying(target)) {
    const sent = turn(world);
    for (const call of [...world.inFlight]) if (call !== flying(target)) settleOne(world, call);
    if (sent === 0 && !flying(target)) throw new Error(`${target} is not tried any more.`);
  }
  before();
  crash(world);
}

function settleAll(): void {
  while (turn(world) > 0 || world.inFlight.length > 0) for (const call of [...world.inFlight]) settleOne(world, call);
}

function shown(id: string): { readonly status: unknown; readonly errorInfo: unknown; readonly state: unknown } {
  const [row] = world.store.read(queries.actionById({ id }));
  const { status, errorInfo } = JSON.parse(row?.entity ?? '{}') as Entity;
  return { status, errorInfo, state: row?.state };
}

const ledgerOf = (target: string): EnforcementRow | undefined =>
  world.store.read(queries.enforcementOf({ provider: 'edge', action: 'BlockIp', target }))[0];

describe('a call that kills the process', () => {
  it('is made five times, then released, and its action is Failed 9; its neighbours go on', () => {
    const bad = request(world, BAD, HOUR_MS);
    for (let death = 1; death <= 5; death += 1) {
      const good = request(world, `ip:203.0.113.${10 + death}`, HOUR_MS);
      dieOf(BAD);
      expect(shown(good)).toMatchObject({ status: 'Completed', state: 'inForce' });
      expect(shown(bad).status).toBe('Running');
    }
    expect(shown(bad)).toMatchObject({ status: 'Running', state: 'releasing' });
    expect(turn(world)).toBe(1);
    expect(flying(BAD)?.leased.kind).toBe('release');
    settleAll();
    expect(shown(bad).state, 'until nothing can land any more').toBe('releasing');
    world.clock.time += 60_000;
    settleAll();
    expect(shown(bad)).toMatchObject({ status: 'Failed', state: 'none', errorInfo: { code: 9 } });
    expect(world.product.enforced.has(BAD)).toBe(false);
  });

  it('is not one that ends between two deaths, however many there are', () => {
    const good = request(world, GOOD, HOUR_MS);
    for (let death = 0; death < 20; death += 1) {
      turn(world);
      crash(world);
      if (death % 4 === 3) {
        turn(world);
        settleAll();
        expect(ledgerOf(GOOD)?.abandoned).toBe(0);
        cancel(world, good);
        settleAll();
        request(world, GOOD, HOUR_MS);
      }
    }
    settleAll();
    expect(ledgerOf(GOOD)).toMatchObject({ known: 'inForce', abandoned: 0 });
  });

  it('is made beside no other that is suspect, the less suspect first', () => {
    const targets = Array.from({ length: 6 }, (_, index) => `ip:203.0.113.${20 + index}`);
    for (const target of targets) request(world, target, HOUR_MS);
    const all = { release: 9, apply: 9, verify: 9 };
    const take = (maySuspect: boolean): number => {
      const now = world.clock.time;
      const due = world.store.read(queries.dueActions({ provider: 'edge', now, limit: 50 }));
      const starts = due.map(({ id }) => ({ id }));
      const providers = [{ terms: world.terms, free: all, starts, notBefore: {}, window: 50, freshFirst: false }];
      const turnOf = { owner: 'me', random: 0.5, ends: [], arrived: [], skip: [], maySuspect, providers };
      return world.store.run(takeDue, turnOf).calls.length;
    };
    expect(take(true)).toBe(6);
    crash(world);
    expect(take(false)).toBe(6);
    crash(world);
    expect(take(false)).toBe(0);
    expect(take(true)).toBe(1);
    crash(world);
    const most = (): number[] => targets.map((target) => ledgerOf(target)?.abandoned ?? 0).sort();
    expect(most()).toEqual([2, 2, 2, 2, 2, 3]);
    expect(take(true)).toBe(1);
    crash(world);
    expect(most()).toEqual([2, 2, 2, 2, 3, 3]);
  });

  it('and whose release kills, too, reads releaseFailed, and is tried again only by a cancel', () => {
    const bad = request(world, BAD, HOUR_MS);
    for (let death = 0; death < 10; death += 1) dieOf(BAD);
    expect(shown(bad)).toMatchObject({ status: 'Failed', state: 'releaseFailed', errorInfo: { code: 8 } });
    expect(ledgerOf(BAD)?.due_at).toBeNull();
    expect(turn(world)).toBe(0);
    cancel(world, bad);
    expect(turn(world)).toBe(1);
    settleAll();
    world.clock.time += 60_000;
    settleAll();
    expect(shown(bad)).toMatchObject({ status: 'Failed', state: 'released' });
  });
});

describe('a suspect whose lease runs out while the dispatch is stopped', () => {
  const stopWithLostCall = (): string => {
    const bad = request(world, BAD, HOUR_MS);
    for (let death = 0; death < 2; death += 1) {
      turn(world);
      crash(world);
    }
    turn(world);
    expect(ledgerOf(BAD)).toMatchObject({ abandoned: 2, lease_call: 'apply' });
    // The process stands still, and its call with it.
    world.inFlight.length = 0;
    world.store.run(addPause, aPause(world, {}));
    world.clock.time += 60_000;
    return bad;
  };

  it('is settled, and applied when that is resumed', () => {
    const bad = stopWithLostCall();
    expect(turn(world)).toBe(0);
    expect(ledgerOf(BAD)).toMatchObject({ abandoned: 2, lease_owner: null, known: 'unknown' });
    resumeAll(world);
    world.clock.time += 60_000;
    settleAll();
    expect(shown(bad)).toMatchObject({ status: 'Completed', state: 'inForce' });
  });

  it('is settled behind another suspect that has to wait', () => {
    for (const target of [GOOD, BAD]) request(world, target, HOUR_MS);
    for (let death = 0; death < 2; death += 1) {
      turn(world);
      crash(world);
    }
    expect(turn(world)).toBe(1);
    const [leased, other] = ledgerOf(BAD)?.lease_owner ? [BAD, GOOD] : [GOOD, BAD];
    world.inFlight.length = 0;
    world.store.run(addPause, aPause(world, {}));
    world.clock.time += 60_000;
    expect(turn(world)).toBe(0);
    expect([leased, other].map((target) => ledgerOf(target)?.lease_owner)).toEqual([null, null]);
  });

  it('is released, where somebody cancels it', () => {
    const bad = stopWithLostCall();
    cancel(world, bad);
    settleAll();
    world.clock.time += 60_000;
    settleAll();
    expect(shown(bad)).toMatchObject({ status: 'Failed', state: 'released', errorInfo: { code: 1 } });
    expect(ledgerOf(BAD)).toBeUndefined();
  });
});

describe('a look that kills the process', () => {
  it('before anything was sent leaves Failed 9, and nothing behind', () => {
    world.store.close();
    world = createWorld(1, {});
    world.product.isCalm = true;
    const bad = request(world, BAD, HOUR_MS);
    for (let death = 0; death < 5; death += 1) dieOf(BAD);
    expect(shown(bad)).toMatchObject({ status: 'Failed', state: 'none', errorInfo: { code: 9 } });
    expect(ledgerOf(BAD)).toBeUndefined();
  });

  it('after it was completed lets it stand, looks no more, and releases it at its end', () => {
    world.store.close();
    world = createWorld(3, { verifyEveryMs: 30_000 });
    world.product.isCalm = true;
    world.product.lies.clear();
    world.product.enforced.clear();
    const bad = request(world, BAD, HOUR_MS);
    settleAll();
    expect(shown(bad)).toMatchObject({ status: 'Completed', state: 'inForce' });
    for (let death = 0; death < 5; death += 1) {
      world.clock.time += 300_000;
      dieOf(BAD);
    }
    expect(shown(bad)).toMatchObject({ status: 'Completed', state: 'inForce' });
    world.clock.time += 600_000;
    expect(turn(world)).toBe(0);
    world.clock.time += 2 * HOUR_MS;
    settleAll();
    expect(shown(bad)).toMatchObject({ status: 'Completed', state: 'released' });
  });
});
