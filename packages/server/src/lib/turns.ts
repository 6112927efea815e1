import { setImmediate as nextTurn } from 'node:timers/promises';

/** Long work that lets others have the event loop in between. */
export interface Turns {
  endsAt: number;
  readonly turnMs: number;
}

const TURN_MS = 12;

export const beginTurns = (turnMs = TURN_MS): Turns => ({ endsAt: performance.now() + turnMs, turnMs });

/** Lets others go first where this turn has taken its time. */
export async function endTurn(turns: Turns): Promise<void> {
  if (performance.now() < turns.endsAt) return;
  await nextTurn();
  turns.endsAt = performance.now() + turns.turnMs;
}
