/** One who waits for the answer to one item. */
export interface Ticket<Item, Answer> {
  readonly item: Item;
  readonly signal: AbortSignal;
  /** Before the item's work: false where the caller has given up already and has his answer. */
  take(): boolean;
  settle(answer: Answer): void;
  fail(error: unknown): void;
}

export interface LaneOptions<Item, Answer> {
  /** Settles all tickets. What it throws is the answer of those that it left. */
  readonly run: (tickets: readonly Ticket<Item, Answer>[]) => Promise<void>;
  /** Answers one who gave up before his item was taken: nothing was done. */
  readonly giveUp: (waiting: Pick<Ticket<Item, Answer>, 'settle' | 'fail'>) => void;
}

export interface Lane<Item, Answer> {
  submit(item: Item, signal: AbortSignal): Promise<Answer>;
  /** Answers those who wait; what is taken runs to its end. */
  close(): Promise<void>;
}

type Waiting<Item, Answer> = Set<Ticket<Item, Answer>>;

function addTicket<Item, Answer>(
  waiting: Waiting<Item, Answer>,
  item: Item,
  signal: AbortSignal,
  giveUp: LaneOptions<Item, Answer>['giveUp'],
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isMine = true;
    const leave = (): void => {
      isMine = false;
      waiting.delete(ticket);
      giveUp(ticket);
    };
    const ticket: Ticket<Item, Answer> = {
      item,
      signal,
      take: () => {
        signal.removeEventListener('abort', leave);
        return isMine;
      },
      settle: resolve,
      fail: reject,
    };
    signal.addEventListener('abort', leave, { once: true });
    waiting.add(ticket);
    if (signal.aborted) leave();
  });
}

/** One run at a time; all that arrives while it is under way, or in the same turn, goes together into the next. */
export function createLane<Item, Answer>({ run, giveUp }: LaneOptions<Item, Answer>): Lane<Item, Answer> {
  const waiting: Waiting<Item, Answer> = new Set();
  let running: Promise<void> | undefined;
  let isClosed = false;

  const drain = async (): Promise<void> => {
    await Promise.resolve();
    while (waiting.size > 0) {
      const tickets = [...waiting];
      waiting.clear();
      await run(tickets).catch((error: unknown) => {
        for (const ticket of tickets) ticket.fail(error);
      });
    }
    running = undefined;
  };

  return {
    submit(item, signal) {
      if (isClosed) return new Promise((settle, fail) => giveUp({ settle, fail }));
      const answer = addTicket(waiting, item, signal, giveUp);
      running ??= drain();
      return answer;
    },
    async close() {
      isClosed = true;
      for (const ticket of waiting) if (ticket.take()) giveUp(ticket);
      waiting.clear();
      await running;
    },
  };
}
