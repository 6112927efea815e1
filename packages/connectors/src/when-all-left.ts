import type { Ticket } from './lane.ts';

/** Aborts when all of them have given up, or when the connector closes. */
export function whenAllLeft(
  tickets: readonly Pick<Ticket<never, never>, 'signal'>[],
  closing: AbortSignal,
): AbortSignal {
  const left = new AbortController();
  let waiting = tickets.length;
  const leave = (): void => {
    waiting -= 1;
    if (waiting === 0) left.abort();
  };
  for (const { signal } of tickets) {
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  }
  return AbortSignal.any([left.signal, closing]);
}
