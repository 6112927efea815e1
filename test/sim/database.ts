import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Refusal } from '../../packages/server/src/errors.ts';
import { hasThrown, type UnitCall, type UnitOutcome } from '../../packages/server/src/store/sql/group.ts';
import { createSqliteEngine, runGroup, type SqliteEngine } from '../../packages/server/src/store/sql/sqlite-engine.ts';
import { migrateSqlite } from '../../packages/server/src/store/sql/sqlite-open.ts';
import { CommitUnknown } from '../../packages/server/src/store/store.ts';
import { unit } from '../../packages/server/src/store/work.ts';
import { UNITS } from '../../packages/server/src/units.ts';

/** What may go wrong with one group of units. */
export type StoreFault = 'none' | 'unavailable' | 'full' | 'lostBefore' | 'lostBehind' | 'poison';

/** The real engine on SQLite in memory, for one simulation after the other. */
export interface SimDatabase {
  readonly engine: SqliteEngine;
  /** What the engine goes by, of the simulation at hand. */
  readonly source: { now(): number; newId(nowMs: number): string };
  readonly clear: () => void;
  /** Compiled once. */
  readonly prepare: (sql: string) => StatementSync;
}

/** A unit of somebody else that throws: the group is rolled back, and each of its units runs alone. */
const poison = unit('sim.poison', function* () {
  yield [];
  throw new Error('A poisoned unit.');
});

/** Notes which actions a transaction touched, whether it says so or not. */
const WATCH = `create temp table touched (tenant_id text, id text, seen integer);
  create temp trigger t1 after insert on main.action begin insert into touched values (new.tenant_id, new.id, 0); end;
  create temp trigger t2 after update on main.action begin insert into touched values (new.tenant_id, new.id, 0); end;
  create temp trigger t3 after delete on main.action begin insert into touched values (old.tenant_id, old.id, 0); end;`;

export function openDatabase(): SimDatabase {
  const db = new DatabaseSync(':memory:');
  migrateSqlite(db);
  db.exec(`pragma journal_mode = memory; pragma temp_store = memory; ${WATCH}`);
  const source: SimDatabase['source'] = { now: () => 0, newId: () => '' };
  const clock = { now: () => source.now() };
  const engine = createSqliteEngine(db, [...UNITS, poison], clock, (nowMs) => source.newId(nowMs));
  const tables = db.prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'").all();
  const names = tables.map(({ name }) => String(name)).filter((name) => name !== 'fact' && !name.includes('words'));
  const clear = `${names.map((name) => `delete from "${name}";`).join('')}delete from temp.touched;`;
  const compiled = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const statement = compiled.get(sql) ?? db.prepare(sql);
    compiled.set(sql, statement);
    return statement;
  };
  return { engine, source, clear: () => db.exec(clear), prepare };
}

const lost = (): CommitUnknown => new CommitUnknown('The connection broke in COMMIT.');

const refused = (code: 'serviceUnavailable' | 'insufficientStorage'): Refusal =>
  new Refusal(code, 'The store takes nothing now. Nothing was changed.');

/** Runs a group with what goes wrong with it. @throws {Refusal} {CommitUnknown} */
export function carry(
  { engine }: SimDatabase,
  calls: readonly UnitCall[],
  fault: StoreFault,
  onCommit: (tenantIds: ReadonlySet<string>) => void,
): readonly UnitOutcome[] {
  if (fault === 'unavailable') throw refused('serviceUnavailable');
  if (fault === 'full') throw refused('insufficientStorage');
  if (fault === 'lostBefore') throw lost();
  const tenantId = calls[0]?.tenantId ?? '';
  const poisoned = fault === 'poison' ? [...calls, { tenantId, unit: 'sim.poison', args: undefined }] : calls;
  const outcomes = runGroup(engine, poisoned).slice(0, calls.length);
  if (outcomes.some((outcome) => !hasThrown(outcome))) onCommit(new Set(calls.map((call) => call.tenantId)));
  if (fault === 'lostBehind') throw lost();
  return outcomes;
}
