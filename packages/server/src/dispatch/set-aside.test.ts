import { expect, it } from 'vitest';
import { type Aside, forgetPast, leftAlone, setAside } from './set-aside.ts';

const thrown = new Error('It cannot be read.');

it('what is tried again and fails is left alone for twice as long', () => {
  const aside: Aside = new Map();
  setAside(aside, 'one', { id: 'a', thrown, now: 0 });
  expect([...leftAlone(aside, 'one', 999)]).toEqual(['a']);
  forgetPast(aside, 1_000);
  expect([...leftAlone(aside, 'one', 1_000)]).toEqual([]);
  setAside(aside, 'one', { id: 'a', thrown, now: 1_500 });
  expect([...leftAlone(aside, 'one', 3_499)]).toEqual(['a']);
  expect([...leftAlone(aside, 'one', 3_500)]).toEqual([]);
});

it('what was left alone and is not heard of again is forgotten, and its tenant with it', () => {
  const aside: Aside = new Map();
  setAside(aside, 'one', { id: 'a', thrown, now: 0 });
  setAside(aside, 'two', { id: 'b', thrown, now: 0 });
  setAside(aside, 'two', { id: 'c', thrown, now: 100_000 });
  forgetPast(aside, 300_999);
  expect(aside.size).toBe(2);
  forgetPast(aside, 301_000);
  expect([...aside.keys()]).toEqual(['two']);
  expect([...(aside.get('two')?.keys() ?? [])]).toEqual(['c']);
});
