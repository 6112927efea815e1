import { expect, it } from 'vitest';
import type { Timers } from '../lib/timers.ts';
import { createTurnstile, enter, leave, type Pass, type ShedReason, type Turnstile } from './turnstile.ts';

/** Time that passes when it is told to. */
interface HandTimers extends Timers {
  pass(ms: number): void;
  /** Passes while something is being done. */
  spend(ms: number): void;
}

function handTimers(): HandTimers {
  let now = 0;
  let planned: { readonly at: number; readonly run: () => void }[] = [];
  return {
    monotonicMs: () => now,
    spend: (ms) => {
      now += ms;
    },
    after: (ms, run) => {
      planned.push({ at: now + ms, run });
      return () => undefined;
    },
    pass: (ms) => {
      const until = now + ms;
      for (;;) {
        const [next] = planned.filter(({ at }) => at <= until).sort((one, other) => one.at - other.at);
        if (!next) break;
        planned = planned.filter((each) => each !== next);
        now = next.at;
        next.run();
      }
      now = until;
    },
  };
}

interface World {
  readonly turnstile: Turnstile;
  readonly timers: HandTimers;
  readonly shed: ShedReason[];
  /** Names of those that were let in, in order. */
  readonly entered: string[];
  readonly refused: string[];
  come(tenantId: string, name: string): Pass | undefined;
}

/** @param refusalMs what it costs to refuse one */
function aWorld(width: number, mostWaiting = 100, refusalMs = 1): World {
  const timers = handTimers();
  const shed: ShedReason[] = [];
  const turnstile = createTurnstile({ width, mostWaiting, longestMs: 1_000, refusingShare: 0.1 }, timers, (reason) =>
    shed.push(reason),
  );
  const [entered, refused]: string[][] = [[], []];
  const world: World = {
    turnstile,
    timers,
    shed,
    entered: entered ?? [],
    refused: refused ?? [],
    come: (tenantId, name) => {
      const pass = enter(turnstile, tenantId, (reason) => {
        (reason === undefined ? world.entered : world.refused).push(name);
        if (reason !== undefined) timers.spend(refusalMs);
      });
      if (pass?.state === 'inside') world.entered.push(name);
      else if (pass === undefined) world.refused.push(name);
      return pass;
    },
  };
  return world;
}

/** Whoever has its turn now is inside. */
const round = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('lets one tenant have half of all, and whoever comes next finds room', () => {
  const world = aWorld(8);
  for (let at = 1; at <= 6; at += 1) world.come('flood', `f${at}`);
  expect(world.entered).toEqual(['f1', 'f2', 'f3', 'f4']);
  world.come('b', 'b1');
  world.come('c', 'c1');
  expect(world.entered).toEqual(['f1', 'f2', 'f3', 'f4', 'b1', 'c1']);
  expect(world.turnstile).toMatchObject({ inside: 6, waiting: 2 });
});

it('gives turns by tenant, and to each tenant in the order in which its requests came', async () => {
  const world = aWorld(4);
  const passes = [];
  for (const name of ['a1', 'a2', 'b1']) passes.push(world.come(name.slice(0, 1), name));
  for (const name of ['a3', 'a4', 'b2']) world.come(name.slice(0, 1), name);
  const [first, second] = passes;
  if (first) leave(world.turnstile, first);
  await round();
  expect(world.entered).toEqual(['a1', 'a2', 'b1', 'a3']);
  // Both have room now, and one has had its turn.
  if (second) leave(world.turnstile, second);
  await round();
  expect(world.entered).toEqual(['a1', 'a2', 'b1', 'a3', 'b2']);
});

it('refuses whoever waited for a second, and not whoever came later', async () => {
  const world = aWorld(2);
  const first = world.come('a', 'a1');
  world.come('a', 'a2');
  world.timers.pass(900);
  world.come('a', 'a3');
  world.timers.pass(150);
  expect(world.refused).toEqual(['a2']);
  expect(world.shed).toEqual(['late']);
  if (first) leave(world.turnstile, first);
  await round();
  expect(world.entered).toEqual(['a1', 'a3']);
  world.timers.pass(5_000);
  expect(world.refused).toEqual(['a2']);
});

it('refuses soon where more of a tenant wait than of all others may, and has room for those of another', () => {
  const world = aWorld(2, 4);
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2']) world.come(name.slice(0, 1), name);
  expect(world.entered).toEqual(['a1', 'b1']);
  world.timers.pass(60);
  expect(world.refused).toEqual(['a4']);
  expect(world.shed).toEqual(['full']);
  expect(world.turnstile.waiting).toBe(3);
});

it('refuses on the spot where there is no room to wait at all', () => {
  const world = aWorld(2, 1);
  for (const name of ['a1', 'a2', 'a3']) world.come('a', name);
  expect(world.refused).toEqual(['a3']);
});

it('spends a share of the time on refusing while somebody waits, and tells everybody within some seconds', () => {
  const world = aWorld(2, 2_000, 5);
  for (let at = 0; at <= 400; at += 1) world.come('a', `a${at}`);
  const passWithOthersComing = (rounds: number): void => {
    for (let at = 0; at < rounds; at += 1) {
      world.timers.pass(100);
      world.come('a', 'hopes');
    }
  };
  // A tenth of the time, and five milliseconds each.
  passWithOthersComing(20);
  expect(world.refused.length).toBeGreaterThan(10);
  expect(world.refused.length).toBeLessThan(60);
  passWithOthersComing(60);
  expect(world.refused.filter((name) => name !== 'hopes')).toHaveLength(400);
});

it('refuses quickly where nobody has hope any more', () => {
  const world = aWorld(2, 2_000);
  for (let at = 0; at <= 400; at += 1) world.come('a', `a${at}`);
  world.timers.pass(1_600);
  expect(world.refused).toHaveLength(400);
  expect(world.turnstile).toMatchObject({ inside: 1, waiting: 0, isSweeping: false });
});

it('forgets whoever went away while it waited, and is empty when all have left, however often they say so', async () => {
  const world = aWorld(2);
  const passes = [];
  for (const name of ['a1', 'a2', 'a3', 'b1', 'b2']) passes.push(world.come(name.slice(0, 1), name));
  const [, gone] = passes;
  if (gone) leave(world.turnstile, gone);
  for (const pass of passes) if (pass) leave(world.turnstile, pass);
  for (const pass of passes) if (pass) leave(world.turnstile, pass);
  await round();
  expect(world.entered).not.toContain('a2');
  world.timers.pass(2_000);
  expect(world.turnstile).toMatchObject({ inside: 0, waiting: 0, isSweeping: false });
  expect(world.turnstile.rows.size + world.turnstile.turns.size).toBe(0);
  expect(world.shed).toEqual([]);
});

it('lets in some at a time where many leave at once', async () => {
  const world = aWorld(200, 1_000);
  const passes = Array.from({ length: 200 }, (_, at) => world.come('a', `a${at}`));
  for (const pass of passes.slice(0, 100)) if (pass) leave(world.turnstile, pass);
  const before = world.entered.length;
  await round();
  expect(world.entered.length).toBe(before + 16);
  for (let rounds = 0; rounds < 10; rounds += 1) await round();
  expect(world.entered.length).toBe(before + 100);
});
