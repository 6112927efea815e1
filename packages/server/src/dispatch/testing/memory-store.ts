import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../lib/clock.ts';
import { hasThrown } from '../../store/sql/group.ts';
import { ask, createSqliteEngine, runGroup, type SqliteEngine } from '../../store/sql/sqlite-engine.ts';
import { migrateSqlite } from '../../store/sql/sqlite-open.ts';
import type { AnyUnit, Query, UnitOfWork } from '../../store/work.ts';
import { UNITS } from '../../units.ts';

export const TENANT = '11111111-1111-4111-8111-111111111111';

/** The real store's code on SQLite in memory, in this thread, under a clock that a test moves. */
export interface MemoryStore {
  run<Args, Result>(unit: UnitOfWork<Args, Result>, args: Args): Result;
  read<Row>(query: Query<Row>): readonly Row[];
  close(): void;
}

export function openMemoryStore(clock: Clock, units: readonly AnyUnit[] = UNITS): MemoryStore {
  const db = new DatabaseSync(':memory:');
  migrateSqlite(db);
  const engine: SqliteEngine = createSqliteEngine(db, units, clock);
  return {
    run: (unit, args) => {
      const [outcome] = runGroup(engine, [{ tenantId: TENANT, unit: unit.name, args }]);
      if (!outcome) throw new Error('The store lost an outcome.');
      if (hasThrown(outcome)) throw outcome.thrown;
      return outcome.value as never;
    },
    read: (query) => ask(engine, TENANT, query) as never,
    close: () => db.close(),
  };
}
