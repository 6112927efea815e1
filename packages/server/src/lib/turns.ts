/** Long work that lets others have the event loop in between. */
export interface Turns {
  endsAt: number;
  readonly turnMs: number;
}

const TURN_MS = 12;

/** There is one event loop, and one row of those who wait for it: each round of it lets one of them go on. */
const row: (() => void)[] = [];

function callNext(): void {
  row.shift()?.();
  if (row.length > 0) setImmediate(callNext);
}

/** Waits for a round of the event loop in which nobody else of the row goes on. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (row.push(resolve) === 1) setImmediate(callNext);
  });

export const beginTurns = (turnMs = TURN_MS): Turns => ({ endsAt: performance.now() + turnMs, turnMs });

/** Lets others go first where this turn has taken its time. */
export async function endTurn(turns: Turns): Promise<void> {
  if (performance.now() < turns.endsAt) return;
  await nextTurn();
  turns.endsAt = performance.now() + turns.turnMs;
}
