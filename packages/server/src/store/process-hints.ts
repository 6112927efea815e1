/**
 * `changed`: something was written to the tenant's journal. `work`: more is due than this process can begin.
 * `ended`: nobody wants an effect any more of which another process may have a call under way.
 */
export type Hint = 'changed' | 'work' | 'ended';

/**
 * What the processes on one store tell each other. Whoever misses a hint finds the same by its next poll: a hint may be
 * lost, late or doubled, and decides nothing.
 */
export interface ProcessHints {
  /** Tells all others, together with what else is told in these milliseconds. */
  tell(tenantId: string, hint: Hint): void;
  /** Runs `listener` for every hint of another process, for as long as the store is open. */
  hear(listener: (tenantId: string, hint: Hint) => void): void;
}
