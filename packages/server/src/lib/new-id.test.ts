import { describe, expect, it } from 'vitest';
import { newId } from './new-id.ts';

/** The example of RFC 9562, A.6; each test has a later time of its own, for ids never go back, whoever asked for the last. */
const EXAMPLE_MS = 0x017f22e279b0;
const day = (number: number): number => Date.parse('2026-11-24T12:00:00Z') + number * 86_400_000;
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
const many = (count: number, at: (index: number) => number): string[] =>
  Array.from({ length: count }, (_, index) => newId(at(index)));
const isIncreasing = (ids: readonly string[]): boolean =>
  ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? ''));

describe('a new id', () => {
  it('begins with the millisecond of its making', () => {
    expect(newId(EXAMPLE_MS)).toMatch(/^017f22e2-79b0-7/);
    expect(timeOf(newId(day(0)))).toBe(day(0));
  });

  it('is a UUID of version 7 and of the variant of RFC 9562, in lower case', () => {
    for (const id of many(1_000, (index) => day(1) + index)) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });
});

describe('ids that follow each other', () => {
  it('sort in the order of their making within one millisecond, however many there are', () => {
    const ids = many(20_000, () => day(40));
    expect(isIncreasing(ids)).toBe(true);
    expect(new Set(ids).size).toBe(20_000);
  });

  it('run ahead of the clock by no more than the milliseconds that 4,096 ids each fill', () => {
    const ids = many(20_000, () => day(50));
    expect(timeOf(ids.at(-1) ?? '') - day(50)).toBeLessThanOrEqual(5);
    expect(timeOf(newId(day(50) + 10))).toBe(day(50) + 10);
  });

  it('sort in the order of their making though the clock goes back', () => {
    expect(isIncreasing(many(5_000, (index) => day(60) - index * 1_000))).toBe(true);
  });

  it('differ in what nobody can guess', () => {
    const tails = many(10_000, () => day(70)).map((id) => id.slice(19));
    expect(new Set(tails).size).toBe(10_000);
    const bits = tails.map((tail) => Number.parseInt(tail.slice(-1), 16));
    expect(new Set(bits).size).toBe(16);
  });
});
