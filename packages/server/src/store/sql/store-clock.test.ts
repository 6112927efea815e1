import { describe, expect, it } from 'vitest';
import { createStoreClock, measure, type StoreClock } from './store-clock.ts';

/** A process and a database, whose clocks differ; a question takes its time there and back. */
function aWorld(): { readonly own: { at: number; now(): number }; ahead: number; clock: StoreClock } {
  const own = { at: 1_000_000, now: () => own.at };
  return { own, ahead: 0, clock: createStoreClock(own) };
}

async function askOver(world: ReturnType<typeof aWorld>, thereMs: number, backMs: number): Promise<void> {
  const { own } = world;
  await measure(world.clock, async () => {
    own.at += thereMs;
    const now = own.at + world.ahead;
    own.at += backMs;
    return { value: undefined, now };
  });
}

const behind = ({ clock, own, ahead }: ReturnType<typeof aWorld>): number => own.at + ahead - clock.now();

describe('the clock of a database, as a process reckons it', () => {
  it.each([0, 8_000, -20_000])('is that of the database, whose own is %i ms ahead', async (ahead) => {
    const world = aWorld();
    world.ahead = ahead;
    await askOver(world, 3, 2);
    expect(behind(world)).toBe(2);
    world.own.at += 60_000;
    expect(behind(world)).toBe(2);
  });

  it('is never ahead of it, and an answer that was slow makes it no worse', async () => {
    const world = aWorld();
    for (const [there, back] of [
      [2_000, 0],
      [1, 5_000],
      [700, 900],
      [0, 1],
    ] as const) {
      await askOver(world, there, back);
      expect(behind(world)).toBe(0);
    }
  });

  it.each([5_000, -5_000])('follows when one of the two is set by %i ms', async (step) => {
    const world = aWorld();
    await askOver(world, 1, 1);
    world.ahead += step;
    await askOver(world, 1, 1);
    expect(behind(world)).toBe(1);
    world.own.at += step;
    world.ahead -= step;
    await askOver(world, 1, 1);
    expect(behind(world)).toBe(1);
  });
});
