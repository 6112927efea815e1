import type { Ticket } from '../lane.ts';
import type { ClamavConfig } from './config.ts';
import type { Folder } from './folder.ts';

/** What one provider's calls share. */
export interface Parts {
  readonly config: ClamavConfig;
  readonly folder: Folder;
  /** Ends all that is under way. */
  readonly closing: AbortController;
}

interface Taken<Item, Answer> {
  readonly mine: readonly Ticket<Item, Answer>[];
  /** Aborts when all callers have given up, or the connector closes. */
  readonly signal: AbortSignal;
}

/** Takes those who still wait. Who gives up while the others' work goes on has his answer at once, by `leave`. */
export function takeAll<Item, Answer>(
  tickets: readonly Ticket<Item, Answer>[],
  { closing }: Parts,
  leave: (ticket: Ticket<Item, Answer>) => void,
): Taken<Item, Answer> {
  const mine = tickets.filter((ticket) => ticket.take());
  const all = new AbortController();
  let waiting = mine.length;
  for (const ticket of mine) {
    const abort = (): void => {
      leave(ticket);
      waiting -= 1;
      if (waiting === 0) all.abort();
    };
    ticket.signal.addEventListener('abort', abort, { once: true });
  }
  return { mine, signal: AbortSignal.any([all.signal, closing.signal]) };
}
