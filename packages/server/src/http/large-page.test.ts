import { describe, expect, it } from 'vitest';
import { readLargePage } from './large-page.ts';

const MB = 1_048_576;

/** A collection of numbers, each as large as is said, and how much of it is read at once. */
function numbersUpTo(last: number, size: number) {
  const asked: number[] = [];
  const page = (limit: number, after?: number) =>
    readLargePage<number, number>({
      limit,
      after,
      read: async (most, behind = 0) => {
        asked.push(most);
        const items = Array.from({ length: Math.min(most, last - behind) }, (_, index) => behind + 1 + index);
        const end = behind + items.length;
        return { items, next: end < last ? end : undefined };
      },
      textOf: (item) => String(item).padEnd(size),
      positionOf: (item) => item,
    });
  return { asked, page };
}

describe('a page of what may be large', () => {
  it('has as many as are wanted, read a few at a time', async () => {
    const { asked, page } = numbersUpTo(1_000, 10);
    const { texts, next } = await page(120, 7);
    expect(texts.map(Number)).toEqual(Array.from({ length: 120 }, (_, index) => index + 8));
    expect(next).toBe(127);
    expect(Math.max(...asked)).toBeLessThanOrEqual(50);
  });

  it('ends where it has grown large, and goes on behind that without a gap', async () => {
    const { page } = numbersUpTo(10, MB);
    const first = await page(1_000);
    expect(first.texts.map(Number)).toEqual([1, 2, 3, 4]);
    expect(first.next).toBe(4);
    const second = await page(1_000, first.next);
    expect(second.texts.map(Number)).toEqual([5, 6, 7, 8]);
    const third = await page(1_000, second.next);
    expect(third.texts.map(Number)).toEqual([9, 10]);
    expect(third.next).toBeUndefined();
  });

  it('leads nowhere behind the last one, however large that is', async () => {
    const { page } = numbersUpTo(4, MB);
    expect((await page(1_000)).next).toBeUndefined();
    expect((await page(4)).next).toBeUndefined();
  });
});
