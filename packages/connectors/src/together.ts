import type { Ticket } from './lane.ts';

/**
 * Work that many wait for. One who gives up is answered at once by `leave`, and the others go on waiting; when nobody is
 * left, or at `closing`, the signal of the work aborts.
 */
export async function together<Item, Answer>(
  tickets: readonly Ticket<Item, Answer>[],
  closing: AbortSignal,
  leave: (ticket: Ticket<Item, Answer>) => void,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const everybodyLeft = new AbortController();
  let left = 0;
  const leavers = tickets.map((ticket) => () => {
    leave(ticket);
    left += 1;
    if (left === tickets.length) everybodyLeft.abort();
  });
  for (const [index, { signal }] of tickets.entries()) {
    const go = leavers[index] as () => void;
    if (signal.aborted) go();
    else signal.addEventListener('abort', go, { once: true });
  }
  try {
    await work(AbortSignal.any([everybodyLeft.signal, closing]));
  } finally {
    for (const [index, { signal }] of tickets.entries())
      signal.removeEventListener('abort', leavers[index] as () => void);
  }
}
