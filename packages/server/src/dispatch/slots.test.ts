import { describe, expect, it } from 'vitest';
import {
  changeLane,
  createSlots,
  freeSlots,
  giveBack,
  isBusy,
  isWorthATurn,
  reserve,
  servable,
  slotLaneOf,
  waitForSlot,
} from './slots.ts';

const none = { release: 0, apply: 0, verify: 0 };

describe('the slots of a provider', () => {
  it.each([
    [1, { release: 1, apply: 1, verify: 1 }],
    [4, { release: 4, apply: 4, verify: 1 }],
    [5, { release: 5, apply: 5, verify: 2 }],
    [64, { release: 64, apply: 64, verify: 16 }],
    [1_000, { release: 250, apply: 250, verify: 250 }],
    [2_000, { release: 250, apply: 250, verify: 250 }],
  ])('with %i calls at once are, for one turn, %o', (concurrency, free) => {
    expect(freeSlots(createSlots(concurrency), 'a')).toEqual(free);
  });

  it('of releases are not taken by applies and looks, nor the other way round', () => {
    const slots = createSlots(2);
    expect(reserve(slots, 'a', { release: 0, apply: 9, verify: 9 })).toEqual({ release: 0, apply: 2, verify: 1 });
    expect(freeSlots(slots, 'a')).toEqual({ release: 2, apply: 0, verify: 0 });
    reserve(slots, 'a', { release: 1, apply: 0, verify: 0 });
    expect(freeSlots(slots, 'a')).toEqual({ release: 1, apply: 0, verify: 0 });
  });

  it('are there again when the call is over, in the lane that it took last', () => {
    const slots = createSlots(4);
    const before = freeSlots(slots, 'a');
    reserve(slots, 'a', { release: 0, apply: 1, verify: 0 });
    changeLane(slots, 'a', 'look', 'apply');
    expect(freeSlots(slots, 'a')).toEqual({ ...before, apply: 3 });
    changeLane(slots, 'a', 'apply', 'release');
    expect(freeSlots(slots, 'a')).toEqual({ ...before, release: 3 });
    giveBack(slots, slotLaneOf('release'), 'a');
    expect(freeSlots(slots, 'a')).toEqual(before);
  });

  it('are never fewer than none, and many calls are under way before a turn is shorter', () => {
    const slots = createSlots(300);
    expect(reserve(slots, 'a', { ...none, apply: 100 }).apply).toBe(100);
    expect(freeSlots(slots, 'a').apply).toBe(200);
    expect(reserve(slots, 'a', { ...none, apply: 250 }).apply).toBe(200);
    expect(freeSlots(slots, 'a').apply).toBe(0);
  });

  it('go to each tenant in turn: who waits is not overtaken, not even by one that asks all the time', () => {
    const slots = createSlots(1);
    const served: string[] = [];
    const ask = (tenant: string): void => {
      const { apply } = reserve(slots, tenant, { ...none, apply: 5 });
      if (apply > 0) served.push(tenant);
      waitForSlot(slots, 'apply', tenant, true);
    };
    for (const tenant of ['flood', 'b', 'flood', 'c']) ask(tenant);
    for (let call = 0; call < 6; call += 1) {
      giveBack(slots, 'apply', served.at(-1) ?? '');
      const [next = ''] = servable(slots);
      for (const tenant of ['flood', next]) ask(tenant);
    }
    expect(served).toEqual(['flood', 'flood', 'b', 'c', 'flood', 'b', 'c']);
  });

  it('are all for a tenant that is alone, and never all for one of several', () => {
    const slots = createSlots(16);
    const wanted = { ...none, apply: 100 };
    expect(reserve(slots, 'slow', wanted).apply).toBe(16);
    // The other waits this once.
    expect(reserve(slots, 'well', wanted).apply).toBe(0);
    giveBack(slots, 'apply', 'slow', 16);
    expect(reserve(slots, 'slow', wanted).apply).toBe(12);
    expect(reserve(slots, 'slow', wanted).apply).toBe(0);
    expect(reserve(slots, 'well', wanted).apply).toBe(3);
    expect(reserve(slots, 'third', wanted).apply).toBe(1);
    giveBack(slots, 'apply', 'slow', 12);
    expect(freeSlots(slots, 'third').apply, 'what is left is shared anew').toBe(9);
  });

  it('of which a tenant has its share wake it only when it may have another', () => {
    const slots = createSlots(4);
    reserve(slots, 'well', { ...none, apply: 1 });
    giveBack(slots, 'apply', 'well');
    expect(reserve(slots, 'slow', { ...none, apply: 9 }).apply).toBe(3);
    waitForSlot(slots, 'apply', 'slow', true);
    expect([...servable(slots)]).toEqual([]);
    expect(freeSlots(slots, 'well').apply, 'it keeps none from the others').toBe(1);
    giveBack(slots, 'apply', 'slow', 2);
    expect([...servable(slots)]).toEqual(['slow']);
  });

  it('of a provider with one are had by whoever comes', () => {
    const slots = createSlots(1);
    for (const tenant of ['a', 'b']) {
      expect(reserve(slots, tenant, { ...none, apply: 1 }).apply).toBe(1);
      giveBack(slots, 'apply', tenant);
    }
  });

  it('are not kept for a tenant that wants none any more', () => {
    const slots = createSlots(1);
    reserve(slots, 'a', { ...none, apply: 1 });
    waitForSlot(slots, 'apply', 'b', true);
    waitForSlot(slots, 'apply', 'b', false);
    giveBack(slots, 'apply', 'a');
    expect([...servable(slots)]).toEqual([]);
    expect(freeSlots(slots, 'a').apply).toBe(1);
  });

  it('are worth a turn when half of them are free, or a release waits', () => {
    const slots = createSlots(4);
    reserve(slots, 'a', { ...none, apply: 4 });
    waitForSlot(slots, 'apply', 'a', true);
    giveBack(slots, 'apply', 'a');
    expect([isWorthATurn(slots), isBusy(slots)]).toEqual([false, true]);
    giveBack(slots, 'apply', 'a');
    expect(isWorthATurn(slots)).toBe(true);
    waitForSlot(slots, 'apply', 'a', false);
    expect([isWorthATurn(slots), isBusy(slots)]).toEqual([false, true]);
    giveBack(slots, 'apply', 'a');
    expect(isBusy(slots)).toBe(false);
    reserve(slots, 'a', { ...none, release: 3 });
    waitForSlot(slots, 'release', 'b', true);
    expect(isWorthATurn(slots)).toBe(true);
  });
});
