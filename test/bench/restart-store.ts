import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type pg from 'pg';
import { inDatabase } from './post-systems.ts';
import type { TableRow } from './restart-rows.ts';
import { inserter, type Row } from './stored-actions.ts';

/** Written and read by the bench beside an embedded store's server. */
export interface Beside {
  /** Actions that wait for their dispatch. */
  due(): number;
  /** Puts so many effects that are in force under leases of nobody who lives: calls under way, as it were. */
  leave(count: number): void;
}

/** Of a provider with a time-out of two seconds. */
export const LEASE_MS = 19_000;

const COUNT_DUE = 'select count(*) as count from action where start_at <=';
const LEAVE = `update enforcement set lease_owner = 'dead', leased_at = ?1, lease_until = ?2, due_at = ?2,
  lease_call = 'apply', lane = 1, fence = fence + 1, version = version + 1,
  operation = 'apply', operation_id = id, attempt = 1, operation_at = ?1
  where id in (select id from enforcement where known = 'inForce' and lease_owner is null and due_at is null limit ?3)`;

const databaseOf = (folder: string): DatabaseSync =>
  new DatabaseSync(path.join(folder, 'interdict.sqlite'), { timeout: 10_000 });

/** While the server lives: the last connection that closes would clear away the WAL, which a kill leaves. */
export function besideSqlite(folder: string): Beside {
  const ask = (sql: string, ...values: readonly number[]): readonly object[] => {
    const db = databaseOf(folder);
    try {
      return db.prepare(sql).all(...values);
    } finally {
      db.close();
    }
  };
  return {
    due: () => (ask(`${COUNT_DUE} ?1`, Date.now())[0] as { count: number }).count,
    leave: (count) => void ask(LEAVE, Date.now(), Date.now() + LEASE_MS, count),
  };
}

export async function dueOn(client: pg.Client): Promise<number> {
  const { rows } = await client.query(`${COUNT_DUE.replace('from ', 'from interdict.')} $1`, [Date.now()]);
  return Number(rows[0]?.count);
}

export interface Leased {
  readonly target: string;
  readonly owner: string;
  /** Whether its process shows that it lives, by its lock. */
  readonly lives: boolean;
}

const LEASES = `select target, lease_owner as owner, lease_owner in (
  select objid::text from pg_locks where locktype = 'advisory' and granted
  and database = (select oid from pg_database where datname = current_database())) as lives
  from interdict.enforcement where lease_owner is not null`;

export const leasesOn = async (client: pg.Client): Promise<readonly Leased[]> =>
  (await client.query<Leased>(LEASES)).rows;

/** Into a database that a server has made and that nobody uses. It is in no hurry about the disk. */
export function fillSqlite(folder: string, rows: Iterable<TableRow>): void {
  const db = databaseOf(folder);
  db.exec('pragma synchronous = off; pragma cache_size = -200000; begin; delete from tenant; delete from word_index');
  const inserters = new Map<string, (row: Row) => void>();
  for (const { table, row } of rows) {
    const insert = inserters.get(table) ?? inserter(db, table, row);
    inserters.set(table, insert);
    insert(row);
  }
  db.exec('commit; pragma wal_checkpoint(truncate)');
  db.close();
}

const ROWS_AT_ONCE = 2_000;

/** The same; with statistics, as a database has them that was served for a while. */
export async function fillPostgres(url: string, rows: Iterable<TableRow>): Promise<void> {
  await inDatabase(url, async (client) => {
    await client.query('set search_path = interdict; set synchronous_commit = off; begin');
    await client.query('delete from tenant; delete from word_index');
    const waiting = new Map<string, Row[]>();
    const flush = async (table: string, batch: Row[]): Promise<void> => {
      const from = `json_populate_recordset(null::${table}, $1::json)`;
      await client.query(`insert into ${table} select * from ${from}`, [JSON.stringify(batch.splice(0))]);
    };
    for (const { table, row } of rows) {
      const batch = waiting.get(table) ?? [];
      waiting.set(table, batch);
      if (batch.push(row) >= ROWS_AT_ONCE) await flush(table, batch);
    }
    for (const [table, batch] of waiting) await flush(table, batch);
    await client.query('commit');
    await client.query('vacuum analyze');
    await client.query('checkpoint');
  });
}
