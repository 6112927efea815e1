import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Clock } from '../../lib/clock.ts';
import { failpoint } from '../../lib/failpoint.ts';
import { newId } from '../../lib/new-id.ts';
import { CommitUnknown } from '../store.ts';
import type { Step, StepCall } from '../walk.ts';
import type { AnyUnit, Query, Work } from '../work.ts';
import { sqliteDialect } from './dialect.ts';
import type { UnitCall, UnitOutcome } from './group.ts';
import { type PreparedStatement, prepareAll } from './prepare.ts';
import type { TenantRow } from './schema.ts';
import { isBroken, isFull, isOfTheFile, NotBegun } from './sqlite-faults.ts';
import { createReader, type RowReader, readRows } from './sqlite-rows.ts';
import { allStatements } from './statements/all-statements.ts';
import { type CountedRow, countedStep, isCounted, isJudged, mostCounted, mostGiven, takeStep } from './take-step.ts';
import { beginTurn, contextOf, type TenantTurn, toTenantRow } from './tenant-turn.ts';
import { createWalkStatements, type WalkStatements, walkArguments, walkStatement } from './walk-statement.ts';

/** One connection with its statements: what runs units of work and reads, one after the other, in this thread. */
export interface SqliteEngine {
  readonly db: DatabaseSync;
  readonly statements: ReadonlyMap<string, PreparedStatement>;
  readonly compiled: Map<string, StatementSync>;
  readonly readers: Map<string, RowReader>;
  readonly compiledWalks: Map<string, StatementSync>;
  readonly walks: WalkStatements;
  readonly units: ReadonlyMap<string, AnyUnit>;
  readonly clock: Clock;
  readonly newId: (nowMs: number) => string;
}

export function createSqliteEngine(
  db: DatabaseSync,
  units: readonly AnyUnit[],
  clock: Clock,
  makeId: SqliteEngine['newId'] = newId,
): SqliteEngine {
  return {
    db,
    statements: prepareAll(sqliteDialect, allStatements),
    compiled: new Map(),
    readers: new Map(),
    compiledWalks: new Map(),
    walks: createWalkStatements(sqliteDialect),
    units: new Map(units.map((unit) => [unit.name, unit])),
    clock,
    newId: makeId,
  };
}

function compile(engine: SqliteEngine, sql: string): StatementSync {
  let statement = engine.compiled.get(sql);
  if (!statement) {
    statement = engine.db.prepare(sql);
    engine.compiled.set(sql, statement);
  }
  return statement;
}

function readerOf({ db, readers }: SqliteEngine, sql: string): RowReader {
  const reader = readers.get(sql) ?? createReader(db, sql);
  readers.set(sql, reader);
  return reader;
}

/** Walks have many shapes: those that nobody asked for lately are compiled anew. */
const MOST_WALKS = 200;

function compileWalk({ db, compiledWalks }: SqliteEngine, sql: string): StatementSync {
  const statement = compiledWalks.get(sql) ?? db.prepare(sql);
  compiledWalks.delete(sql);
  compiledWalks.set(sql, statement);
  const oldest = compiledWalks.keys().next();
  if (compiledWalks.size > MOST_WALKS && !oldest.done) compiledWalks.delete(oldest.value);
  return statement;
}

/** Runs one named query for a tenant. */
export function ask(engine: SqliteEngine, tenantId: string, { name, args }: Query<unknown>): unknown[] {
  const prepared = engine.statements.get(name);
  if (!prepared) throw new Error(`There is no statement "${name}".`);
  const values = prepared.bind(tenantId, args) as SQLInputValue[];
  if (!prepared.isCounted) return readRows(readerOf(engine, prepared.sql), values);
  return Number(compile(engine, prepared.sql).run(...values).changes) > 0 ? [{ id: args.id }] : [];
}

/** A walk's rows come one by one, so that it can be ended between two. */
const LOOKED_AT = 500;
/** So few rows that are not looked into come at once, which costs less: a page of the usual size. */
const AT_ONCE = 64;

/** One step of a walk through a tenant's actions. */
export function stepSqlite(engine: SqliteEngine, tenantId: string, call: StepCall): Step {
  const { walk, after } = call;
  const isCount = isCounted(call);
  const most = isCount ? mostCounted(call) : isJudged(call) ? LOOKED_AT : mostGiven(call);
  const prepared = walkStatement(engine.walks, walk, after !== undefined, isCount ? 'count' : 'entities');
  const statement = compileWalk(engine, prepared.sql);
  const values = prepared.bind(tenantId, walkArguments(walk, after, most)) as SQLInputValue[];
  if (isCount) {
    const beganAt = performance.now();
    const row = statement.get(...values) as unknown as CountedRow;
    return countedStep(row, most, performance.now() - beganAt);
  }
  const rows = most <= AT_ONCE ? statement.all(...values) : statement.iterate(...values);
  return takeStep(call, rows as Iterable<never>, most);
}

const READ_TENANT = 'select last_sequence, action_count, due_at, repeat_made_at from tenant where tenant_id = ?';
const WRITE_TENANT = `insert into tenant (tenant_id, last_sequence, action_count, due_at, repeat_made_at)
  values (?, ?, ?, ?, ?) on conflict (tenant_id) do update set last_sequence = excluded.last_sequence,
  action_count = excluded.action_count, due_at = excluded.due_at, repeat_made_at = excluded.repeat_made_at`;
const WRITE_JOURNAL = `insert into journal (tenant_id, sequence, written_at, action_id, event, type, content)
  values (?, ?, ?, ?, ?, ?, ?)`;

export function readTenant(engine: SqliteEngine, tenantId: string): TenantRow | undefined {
  return compile(engine, READ_TENANT).get(tenantId) as TenantRow | undefined;
}

function writeTurn(engine: SqliteEngine, turn: TenantTurn): void {
  const journal = compile(engine, WRITE_JOURNAL);
  for (const { sequence, written_at, action_id, event, type, content } of turn.journal) {
    journal.run(turn.tenantId, sequence, written_at, action_id, event, type, content);
  }
  if (!turn.changed) return;
  const { tenant_id, last_sequence, action_count, due_at, repeat_made_at } = toTenantRow(turn);
  compile(engine, WRITE_TENANT).run(tenant_id, last_sequence, action_count, due_at, repeat_made_at);
}

/** Runs a unit of work to its end: every step is answered at once. */
function drive(engine: SqliteEngine, tenantId: string, work: Work<unknown>): unknown {
  let step = work.next();
  while (!step.done) step = work.next(step.value.map((wanted) => ask(engine, tenantId, wanted)));
  return step.value;
}

function runInTransaction(engine: SqliteEngine, calls: readonly UnitCall[]): unknown[] {
  const now = engine.clock.now();
  const turns = new Map<string, TenantTurn>();
  const results = calls.map(({ tenantId, unit, args }) => {
    const work = engine.units.get(unit)?.work;
    if (!work) throw new Error(`There is no unit of work "${unit}".`);
    const turn = turns.get(tenantId) ?? beginTurn(tenantId, readTenant(engine, tenantId));
    turns.set(tenantId, turn);
    return drive(engine, tenantId, work(contextOf(turn, now, engine.newId), args as never));
  });
  for (const turn of turns.values()) writeTurn(engine, turn);
  return results;
}

function commit(engine: SqliteEngine): void {
  try {
    engine.db.exec('commit');
  } catch (cause) {
    // The frame that makes a commit is the last to be written: without room for it nothing was committed.
    if (isFull(cause)) throw cause;
    throw new CommitUnknown('SQLite failed in COMMIT.', { cause });
  }
}

function inTransaction(engine: SqliteEngine, calls: readonly UnitCall[]): unknown[] {
  failpoint('sqlite.beforeBegin');
  engine.db.exec('begin immediate');
  try {
    failpoint('sqlite.afterBegin');
    const results = runInTransaction(engine, calls);
    failpoint('sqlite.beforeCommit');
    commit(engine);
    failpoint('sqlite.afterCommit');
    return results;
  } catch (error) {
    // SQLite has rolled back by itself where it failed; what cannot be rolled back is broken, and says so next time.
    if (engine.db.isTransaction) engine.db.exec('rollback');
    throw error;
  }
}

/**
 * Carries a group through in one transaction, without a savepoint per unit: that copies every page that a unit
 * touches (93 against 54 µs a unit). When one throws, each runs again alone, and only the bad one fails; nothing runs
 * again where a commit may have taken place, and nothing at all once the file itself has failed.
 */
export function runGroup(engine: SqliteEngine, calls: readonly UnitCall[]): UnitOutcome[] {
  try {
    return inTransaction(engine, calls).map((value) => ({ value }));
  } catch (thrown) {
    const isOfAll = thrown instanceof CommitUnknown || isOfTheFile(thrown);
    if (calls.length === 1 || isOfAll) return calls.map(() => ({ thrown }));
  }
  let hasFailed = false;
  return calls.map((call) => {
    if (hasFailed) return { thrown: new NotBegun() };
    try {
      return { value: inTransaction(engine, [call])[0] };
    } catch (thrown) {
      hasFailed = isBroken(thrown);
      return { thrown };
    }
  });
}
