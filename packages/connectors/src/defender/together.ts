import type { Ticket } from '../lane.ts';

/**
 * Runs what gathered in a lane. Who gives up is answered by `leave` at once, and the run goes on for the others: its
 * signal aborts when all have gone, or with `closing`.
 */
export async function together<Item, Answer>(
  tickets: readonly Ticket<Item, Answer>[],
  closing: AbortSignal,
  leave: (ticket: Ticket<Item, Answer>) => void,
  run: (tickets: readonly Ticket<Item, Answer>[], signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const taken = tickets.filter((ticket) => ticket.take());
  if (taken.length === 0) return;
  const allLeft = new AbortController();
  let left = 0;
  const watches = taken.map((ticket) => {
    const onAbort = (): void => {
      left += 1;
      leave(ticket);
      if (left === taken.length) allLeft.abort();
    };
    ticket.signal.addEventListener('abort', onAbort, { once: true });
    return () => ticket.signal.removeEventListener('abort', onAbort);
  });
  try {
    await run(taken, AbortSignal.any([allLeft.signal, closing]));
  } finally {
    for (const end of watches) end();
  }
}
