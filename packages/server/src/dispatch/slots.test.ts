import { describe, expect, it } from 'vitest';
import { createSlots, freeSlots, giveBack, take } from './slots.ts';

describe('the slots of a provider', () => {
  it.each([
    [1, { release: 1, apply: 1, verify: 1 }],
    [4, { release: 4, apply: 4, verify: 1 }],
    [5, { release: 5, apply: 5, verify: 2 }],
    [64, { release: 64, apply: 64, verify: 16 }],
    [1_000, { release: 250, apply: 250, verify: 250 }],
    [2_000, { release: 250, apply: 250, verify: 250 }],
  ])('with %i calls at once are, for one turn, %o', (concurrency, free) => {
    expect(freeSlots(createSlots(concurrency))).toEqual(free);
  });

  it('of releases are not taken by applies and looks, nor the other way round', () => {
    const slots = createSlots(2);
    for (const kind of ['apply', 'look', 'verify'] as const) take(slots, kind);
    expect(freeSlots(slots)).toEqual({ release: 2, apply: 0, verify: 0 });
    take(slots, 'release');
    expect(freeSlots(slots)).toEqual({ release: 1, apply: 0, verify: 0 });
  });

  it('are there again when the call is over, in the lane that it took', () => {
    const slots = createSlots(4);
    for (const kind of ['look', 'apply', 'release', 'verify'] as const) {
      const before = freeSlots(slots);
      take(slots, kind);
      expect(freeSlots(slots)).not.toEqual(before);
      giveBack(slots, kind);
      expect(freeSlots(slots)).toEqual(before);
    }
  });

  it('are never fewer than none, and many calls are under way before a turn is shorter', () => {
    const slots = createSlots(300);
    for (let count = 0; count < 100; count += 1) take(slots, 'apply');
    expect(freeSlots(slots).apply).toBe(200);
    for (let count = 0; count < 250; count += 1) take(slots, 'apply');
    expect(freeSlots(slots).apply).toBe(0);
  });
});
