import { expect, it } from 'vitest';
import { createOwners, isInDoubt, missFromNow, noteOwners, noteSilence } from './watch-owners.ts';

const both = new Set(['own', 'other']);
const own = new Set(['own']);

it('a process is gone when it was missed for four seconds, and then once', () => {
  const owners = createOwners();
  expect(noteOwners(owners, both, 0)).toEqual([]);
  expect(noteOwners(owners, own, 1_000)).toEqual([]);
  expect(noteOwners(owners, own, 4_999)).toEqual([]);
  expect(noteOwners(owners, own, 5_000)).toEqual(['other']);
  expect(noteOwners(owners, own, 9_999)).toEqual([]);
});

it('a process that comes back in time is not gone', () => {
  const owners = createOwners();
  noteOwners(owners, both, 0);
  noteOwners(owners, own, 1_000);
  expect(noteOwners(owners, both, 4_500)).toEqual([]);
  expect(noteOwners(owners, own, 5_500)).toEqual([]);
});

it('nobody else is gone with one that is', () => {
  const owners = createOwners();
  noteOwners(owners, new Set(['own', 'other', 'third']), 0);
  noteOwners(owners, both, 1_000);
  expect(noteOwners(owners, own, 5_000)).toEqual(['third']);
  expect(noteOwners(owners, both, 5_300)).toEqual([]);
});

it('whoever was never seen is missed from when its lease was found, the living are not', () => {
  const owners = createOwners();
  noteOwners(owners, own, 1_000);
  missFromNow(owners, ['own', 'other', 'third'], 1_200);
  missFromNow(owners, ['third'], 3_000);
  expect(noteOwners(owners, both, 1_500)).toEqual([]);
  expect(noteOwners(owners, both, 5_199)).toEqual([]);
  expect(noteOwners(owners, own, 5_200)).toEqual(['third']);
});

it('a process doubts itself before others take it for gone', () => {
  const owners = createOwners();
  noteOwners(owners, both, 0);
  noteOwners(owners, new Set(['other']), 1_000);
  expect(isInDoubt(owners, 'own', 2_999)).toBe(false);
  expect(isInDoubt(owners, 'own', 3_000)).toBe(true);
  noteOwners(owners, both, 3_100);
  expect(isInDoubt(owners, 'own', 3_100)).toBe(false);
});

it('a store that stays silent makes doubt, and ends it when it answers', () => {
  const owners = createOwners();
  noteOwners(owners, both, 0);
  noteSilence(owners, 1_000);
  noteSilence(owners, 2_900);
  expect(isInDoubt(owners, 'own', 2_999)).toBe(false);
  expect(isInDoubt(owners, 'own', 3_000)).toBe(true);
  noteOwners(owners, both, 3_500);
  expect(isInDoubt(owners, 'own', 9_000)).toBe(false);
});
