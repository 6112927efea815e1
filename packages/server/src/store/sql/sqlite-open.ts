import { closeSync, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperatorFault } from '../../errors.ts';
import { failpoint } from '../../lib/failpoint.ts';
import { isNoRoom } from '../../lib/overwrite-file.ts';
import { sqliteDialect } from './dialect.ts';
import { checkNotNewer, factsOfMigration, MIGRATIONS, migrationFact } from './migrations/all-migrations.ts';
import { statementBuilder } from './prepare.ts';

/** `synchronous=FULL`, as `pragma synchronous` tells it. */
const FULL = 2;

export const databaseFile = (folder: string): string => path.join(folder, 'interdict.sqlite');

/**
 * Holds the folder for this process until it ends, however it ends: the lock is an exclusive transaction on a small
 * file of its own, which the system drops with the process. A pid file would outlive `kill -9`.
 *
 * @throws {Error} when another process holds it
 */
export function lockFolder(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(path.join(folder, 'interdict.lock'), { timeout: 0 });
  try {
    lock.exec('begin exclusive');
    return lock;
  } catch (cause) {
    lock.close();
    throw new OperatorFault(
      `Another Interdict process works on ${folder}. One process at a time may use an embedded store.`,
      { cause },
    );
  }
}

/** The writer's connection. @throws {Error} unless the database promises to survive a power cut */
export function openWriter(folder: string): DatabaseSync {
  // What SQLite adds beside it gets the same mode.
  closeSync(openSync(databaseFile(folder), 'a', 0o600));
  const db = new DatabaseSync(databaseFile(folder), { timeout: 5_000 });
  db.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma temp_store = memory;
    pragma cache_size = -16000; pragma foreign_keys = off`);
  const { synchronous } = db.prepare('pragma synchronous').get() as { synchronous: number };
  const { journal_mode } = db.prepare('pragma journal_mode').get() as { journal_mode: string };
  if (synchronous !== FULL || journal_mode !== 'wal') {
    db.close();
    throw new OperatorFault(
      `SQLite runs with synchronous=${synchronous} and journal_mode=${journal_mode}; Interdict needs FULL (2) and wal.`,
    );
  }
  return db;
}

/** Enough for a WAL of 268 MB: one that size waits for a reader that stands still. */
const INDEX_BYTES = 16 * 32_768;

/**
 * Takes the blocks of the WAL's index before they are needed. SQLite takes them while it commits, behind the COMMIT's
 * own fsync: on a full disk that is an I/O error after which nothing can be trusted.
 *
 * @returns the open file, to be closed behind the database: closing it drops this process's locks on it
 */
export function takeIndexRoom(folder: string): number {
  const file = openSync(`${databaseFile(folder)}-shm`, 'r+');
  const { size } = fstatSync(file);
  try {
    if (size < INDEX_BYTES) writeSync(file, Buffer.alloc(INDEX_BYTES - size), 0, INDEX_BYTES - size, size);
  } catch (error) {
    // Then the first commit that needs it tells.
    if (!isNoRoom(error)) throw error;
  }
  return file;
}

/** A reader's connection: it sees what is committed, and cannot write. */
export function openReader(folder: string): DatabaseSync {
  const db = new DatabaseSync(databaseFile(folder), { readOnly: true, timeout: 5_000 });
  db.exec('pragma query_only = on; pragma temp_store = memory; pragma cache_size = -16000');
  return db;
}

/** Brings the schema to this version, one migration a transaction: a kill between or within them loses nothing. */
export function migrateSqlite(db: DatabaseSync): void {
  const builder = statementBuilder(sqliteDialect);
  db.exec('create table if not exists fact (name text primary key, value text not null) strict');
  checkNotNewer(
    db
      .prepare('select name from fact')
      .all()
      .map(({ name }) => String(name)),
  );
  const hasRun = db.prepare('select value from fact where name = ?');
  for (const migration of MIGRATIONS) {
    if (hasRun.get(migrationFact(migration.name))) continue;
    failpoint('sqlite.beforeMigration');
    db.exec('begin immediate');
    for (const statement of migration.statements(builder, sqliteDialect)) {
      db.exec(statement.compile().sql);
      failpoint('sqlite.inMigration');
    }
    const note = db.prepare('insert into fact (name, value) values (?, ?)');
    for (const fact of factsOfMigration(migration)) note.run(fact, new Date().toISOString());
    db.exec('commit');
    failpoint('sqlite.afterMigration');
  }
}

/**
 * Writes a fact down if it is new.
 * @returns the fact as it stands, which is another's if one was there
 */
export function settleFact(db: DatabaseSync, name: string, value: string): string {
  db.prepare('insert into fact (name, value) values (?, ?) on conflict (name) do nothing').run(name, value);
  return (db.prepare('select value from fact where name = ?').get(name) as { value: string }).value;
}
