import { expect, it } from 'vitest';
import { createSlots, takeSlot } from './slots.ts';

const taken = (slots: ReturnType<typeof createSlots>, host: string, isFailing: boolean, wanted: number): number =>
  Array.from({ length: wanted }, () => takeSlot(slots, { host, isFailing })).filter((each) => each !== undefined)
    .length;

it('gives a host four slots, and leaves the others theirs', () => {
  const slots = createSlots();
  expect(taken(slots, 'a', false, 100)).toBe(4);
  expect(taken(slots, 'b', false, 1)).toBe(1);
});

it('keeps receivers that failed apart from those that answer', () => {
  const slots = createSlots();
  for (let host = 0; host < 100; host += 1) taken(slots, `dead${host}`, true, 4);
  expect(taken(slots, 'dead', true, 1)).toBe(0);
  expect(taken(slots, 'alive', false, 1)).toBe(1);
});

it('takes slots back', () => {
  const slots = createSlots();
  const giveBack = takeSlot(slots, { host: 'a', isFailing: false });
  expect(taken(slots, 'a', false, 100)).toBe(3);
  giveBack?.();
  expect(taken(slots, 'a', false, 100)).toBe(1);
});
