import type { DatabaseSync } from 'node:sqlite';
import { makeRoom } from './disk-room.ts';
import { hasThrown, type UnitCall, type UnitOutcome } from './group.ts';
import { runGroup, type SqliteEngine } from './sqlite-engine.ts';
import { isFull } from './sqlite-faults.ts';

const hadNoRoom = (outcome: UnitOutcome | undefined): boolean =>
  outcome !== undefined && hasThrown(outcome) && isFull(outcome.thrown);

/**
 * Runs a group. What a full disk failed has left nothing, and is carried through in the room of the reserve; its
 * neighbours may be committed, and do not run again.
 */
export function carryGroup(engine: SqliteEngine, folder: string, calls: readonly UnitCall[]): readonly UnitOutcome[] {
  const outcomes = runGroup(engine, calls);
  if (!outcomes.some(hadNoRoom) || !makeRoom(engine.db, folder)) return outcomes;
  const again = runGroup(
    engine,
    calls.filter((_, index) => hadNoRoom(outcomes[index])),
  );
  return outcomes.map((outcome) => (hadNoRoom(outcome) ? (again.shift() ?? outcome) : outcome));
}

/** Runs one statement, again where a full disk failed it and there is room after all. */
export function carryOne<Value>(db: DatabaseSync, folder: string, write: () => Value): Value {
  try {
    return write();
  } catch (thrown) {
    if (!isFull(thrown) || !makeRoom(db, folder)) throw thrown;
    return write();
  }
}
