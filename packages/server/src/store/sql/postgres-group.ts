import type pg from 'pg';
import { Refusal } from '../../errors.ts';
import { failpoint } from '../../lib/failpoint.ts';
import { newId } from '../../lib/new-id.ts';
import { CommitUnknown } from '../store.ts';
import type { AnyUnit, Query, Work } from '../work.ts';
import type { UnitCall, UnitOutcome } from './group.ts';
import { connectLive, QUICK_SILENCE_MS } from './postgres-borrow.ts';
import { toStoreFault } from './postgres-faults.ts';
import { listening } from './postgres-silence.ts';
import type { PreparedStatement } from './prepare.ts';
import type { TenantRow } from './schema.ts';
import { beginTurn, contextOf, type TenantTurn } from './tenant-turn.ts';
import type { WalkStatements } from './walk-statement.ts';

/** What carrying a group needs beside its units. */
export interface PostgresEngine {
  readonly pool: pg.Pool;
  readonly statements: ReadonlyMap<string, PreparedStatement>;
  readonly walks: WalkStatements;
  readonly units: ReadonlyMap<string, AnyUnit>;
  /** Behind each commit that wrote to a tenant's journal. */
  readonly onChange: (tenantId: string) => void;
}

type LockedTenant = Omit<TenantRow, 'tenant_id'> & { readonly now: number };

const BIND_TENANT = "select set_config('interdict.tenant', $1, true)";
const JOURNAL_COLUMNS = ['sequence', 'written_at', 'action_id', 'event', 'type', 'content'] as const;

function journalText(rows: number): string {
  const width = JOURNAL_COLUMNS.length;
  const row = (index: number): string =>
    `($1, ${JOURNAL_COLUMNS.map((_, column) => `$${2 + index * width + column}`).join(', ')})`;
  const values = Array.from({ length: rows }, (_, index) => row(index));
  return `insert into journal (tenant_id, ${JOURNAL_COLUMNS.join(', ')}) values ${values.join(', ')}`;
}

/** What a group does beside its units, all of one tenant. */
export const GROUP_TEXTS = {
  addTenant: `insert into tenant (tenant_id, last_sequence, action_count, due_at) values ($1, 0, 0, null)
    on conflict (tenant_id) do nothing`,
  /**
   * The lock under which a tenant's changes queue, whichever process makes them: sequences follow commit order. The time
   * is asked for behind it: in the same query PostgreSQL may tell that of before the wait.
   */
  lockTenant: `with locked as materialized (
      select last_sequence, action_count, due_at, repeat_made_at from tenant where tenant_id = $1 for update
    ) select locked.*, (extract(epoch from clock_timestamp()) * 1000)::bigint as now from locked`,
  writeTenant: `update tenant set last_sequence = $2, action_count = $3, due_at = $4, repeat_made_at = $5
    where tenant_id = $1`,
  writeJournal: journalText(1),
  write8OfJournal: journalText(8),
  write32OfJournal: journalText(32),
} as const;

/** Entries that one statement writes, the most first: a statement each costs a process more than all their rows. */
const JOURNAL_SIZES = [
  [32, 'write32OfJournal'],
  [8, 'write8OfJournal'],
  [1, 'writeJournal'],
] as const;

const send = (client: pg.ClientBase, name: string, text: string, values: unknown[]): Promise<pg.QueryResult> =>
  client.query({ name, text, values });

const sendOwn = (client: pg.ClientBase, name: keyof typeof GROUP_TEXTS, values: unknown[]): Promise<pg.QueryResult> =>
  send(client, name, GROUP_TEXTS[name], values);

/** Runs one named query for a tenant; the connection must be bound to it. */
export function sendQuery(
  client: pg.ClientBase,
  statements: PostgresEngine['statements'],
  tenantId: string,
  { name, args }: Query<unknown>,
): Promise<pg.QueryResult> {
  const prepared = statements.get(name);
  if (!prepared) throw new Error(`There is no statement "${name}".`);
  return send(client, name, prepared.sql, prepared.bind(tenantId, args));
}

export const bindTenant = (client: pg.ClientBase, tenantId: string): Promise<pg.QueryResult> =>
  send(client, 'bindTenant', BIND_TENANT, [tenantId]);

/** All answers, or the first fault once every statement on the wire is answered: an early return would leave the rest unread. */
export async function settled<Value>(pending: readonly Promise<Value>[]): Promise<Value[]> {
  const outcomes = await Promise.allSettled(pending);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

async function lockTenant(client: pg.ClientBase, tenantId: string): Promise<LockedTenant> {
  const [, , found] = await settled([
    client.query('begin'),
    bindTenant(client, tenantId),
    sendOwn(client, 'lockTenant', [tenantId]),
  ]);
  if (found?.rows[0]) return found.rows[0] as LockedTenant;
  const [, made] = await settled([sendOwn(client, 'addTenant', [tenantId]), sendOwn(client, 'lockTenant', [tenantId])]);
  return made?.rows[0] as LockedTenant;
}

interface Running {
  readonly work: Work<unknown>;
  step: IteratorResult<readonly Query<unknown>[], unknown>;
}

/** Every unit's current step goes out together: a group costs one round trip a step, not one a statement. */
async function advance(
  client: pg.ClientBase,
  engine: PostgresEngine,
  tenantId: string,
  group: Running[],
): Promise<void> {
  for (;;) {
    const waiting = group.filter(({ step }) => !step.done);
    if (waiting.length === 0) return;
    const answers = await settled(
      waiting.map(({ step }) =>
        settled(
          (step.value as readonly Query<unknown>[]).map((wanted) =>
            sendQuery(client, engine.statements, tenantId, wanted),
          ),
        ),
      ),
    );
    waiting.forEach((running, index) => {
      running.step = running.work.next((answers[index] ?? []).map(({ rows }) => rows));
    });
  }
}

function sendJournal(client: pg.ClientBase, { tenantId, journal }: TenantTurn): Promise<pg.QueryResult>[] {
  const sent: Promise<pg.QueryResult>[] = [];
  let next = 0;
  for (const [size, name] of JOURNAL_SIZES) {
    for (; journal.length - next >= size; next += size) {
      const rows = journal.slice(next, next + size);
      sent.push(sendOwn(client, name, [tenantId, ...rows.flatMap((row) => JOURNAL_COLUMNS.map((name) => row[name]))]));
    }
  }
  return sent;
}

function closingStatements(client: pg.ClientBase, turn: TenantTurn): Promise<pg.QueryResult>[] {
  const written = sendJournal(client, turn);
  if (!turn.changed) return written;
  const tenant = [turn.tenantId, turn.lastSequence, turn.actionCount, turn.dueAt, turn.repeatMadeAt];
  return [...written, sendOwn(client, 'writeTenant', tenant)];
}

/** A `commit` behind a failed statement resolves, as `ROLLBACK`: only its word says what took place. */
async function commit(client: pg.ClientBase, turn: TenantTurn): Promise<void> {
  const statements = closingStatements(client, turn);
  const committed = client.query('commit').catch((cause: unknown) => {
    throw new CommitUnknown('The connection to PostgreSQL broke in COMMIT.', { cause });
  });
  const faults = await Promise.allSettled(statements);
  failpoint('postgres.inCommit');
  const { command } = await committed;
  for (const fault of faults) if (fault.status === 'rejected') throw fault.reason;
  if (command !== 'COMMIT') throw new Error(`PostgreSQL answered COMMIT with ${command}.`);
}

async function carryOnce(
  client: pg.ClientBase,
  engine: PostgresEngine,
  calls: readonly UnitCall[],
): Promise<unknown[]> {
  const tenantId = calls[0]?.tenantId ?? '';
  failpoint('postgres.beforeBegin');
  const locked = await lockTenant(client, tenantId);
  failpoint('postgres.afterLock');
  const turn = beginTurn(tenantId, locked);
  const group = calls.map(({ unit, args }) => {
    const work = engine.units.get(unit)?.work(contextOf(turn, locked.now, newId), args as never);
    if (!work) throw new Error(`There is no unit of work "${unit}".`);
    return { work, step: work.next() };
  });
  await advance(client, engine, tenantId, group);
  failpoint('postgres.beforeCommit');
  await commit(client, turn);
  failpoint('postgres.afterCommit');
  if (turn.journal.length > 0) engine.onChange(tenantId);
  return group.map(({ step }) => step.value);
}

/** Longer than PostgreSQL lets a group wait for its tenant's lock; nothing else in it takes long. */
const GROUP_SILENCE_MS = 12_000;

async function inTransaction(engine: PostgresEngine, calls: readonly UnitCall[]): Promise<unknown[]> {
  const client = await connectLive(engine.pool);
  let broken: Error | undefined;
  try {
    return await listening(client, GROUP_SILENCE_MS, () => carryOnce(client, engine, calls));
  } catch (thrown) {
    await listening(client, QUICK_SILENCE_MS, () => client.query('rollback')).catch((error: Error) => {
      broken = error;
    });
    throw toStoreFault(thrown);
  } finally {
    client.release(broken);
  }
}

/**
 * Carries a group of one tenant's units through in one transaction, all in step. When one throws, each runs again
 * alone, and only the bad one fails; nothing runs again where a commit may have taken place, or the database is gone.
 */
export async function carryGroup(engine: PostgresEngine, calls: readonly UnitCall[]): Promise<readonly UnitOutcome[]> {
  try {
    return (await inTransaction(engine, calls)).map((value) => ({ value }));
  } catch (thrown) {
    const isOfAll = thrown instanceof CommitUnknown || thrown instanceof Refusal;
    if (calls.length === 1 || isOfAll) return calls.map(() => ({ thrown }));
  }
  const outcomes: UnitOutcome[] = [];
  for (const call of calls) {
    try {
      outcomes.push({ value: (await inTransaction(engine, [call]))[0] });
    } catch (thrown) {
      outcomes.push({ thrown });
    }
  }
  return outcomes;
}
