import { LARGEST_PAGE } from '../actions/largest-page.ts';

/** Some members of a collection as the store gives them. */
export interface Slice<Item, Position> {
  readonly items: readonly Item[];
  /** Where the next slice begins; absent behind the last one. */
  readonly next: Position | undefined;
}

export interface PageWanted<Item, Position> {
  readonly limit: number;
  readonly after: Position | undefined;
  readonly read: (limit: number, after: Position | undefined) => Promise<Slice<Item, Position>>;
  readonly textOf: (item: Item) => string;
  readonly positionOf: (item: Item) => Position;
}

export interface LargePage<Position> {
  /** Members as they go out. */
  readonly texts: readonly string[];
  /** Where the next page begins; absent on the last one. */
  readonly next: Position | undefined;
}

/** What the store reads at once crosses a thread at once: 25 MB where all are as large as can be. */
const SLICE = 50;

/** A page of at most `limit` members; it ends earlier where it has grown large, and a nextLink goes on from there. */
export async function readLargePage<Item, Position>(wanted: PageWanted<Item, Position>): Promise<LargePage<Position>> {
  const texts: string[] = [];
  let length = 0;
  let { after } = wanted;
  while (texts.length < wanted.limit) {
    const slice = await wanted.read(Math.min(SLICE, wanted.limit - texts.length), after);
    for (const [index, item] of slice.items.entries()) {
      const text = wanted.textOf(item);
      texts.push(text);
      length += text.length;
      const isLast = index === slice.items.length - 1 && slice.next === undefined;
      if (length >= LARGEST_PAGE && !isLast) return { texts, next: wanted.positionOf(item) };
    }
    after = slice.next;
    if (after === undefined) break;
  }
  return { texts, next: after };
}
