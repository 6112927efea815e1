/** How many single failures one gathering of calls may cost before the others are sent back. */
export interface Patience {
  left: number;
}

/** With each a run of nft is lost, and all who wait behind lose its time. */
export const createPatience = (): Patience => ({ left: 16 });

/** One half after the other, so that what one item spoils is spoilt for it alone in the end. */
export async function inHalves<Item>(
  items: readonly Item[],
  patience: Patience,
  run: (half: readonly Item[]) => Promise<void>,
  sendBack: (half: readonly Item[]) => void,
): Promise<void> {
  const middle = Math.ceil(items.length / 2);
  for (const half of [items.slice(0, middle), items.slice(middle)]) {
    if (patience.left > 0) await run(half);
    else sendBack(half);
  }
}
