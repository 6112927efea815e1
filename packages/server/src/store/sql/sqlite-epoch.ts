import type { DatabaseSync } from 'node:sqlite';

const EPOCH = 'epoch';
const BACKUP = 'backup';
const SERVED = 'served-until';

/** How far a database has come, as it says itself. */
export interface DatabaseEpoch {
  /** Null in a database that never had one. */
  readonly epoch: number | null;
  /** When the copy was made, where this is one by `interdict backup` that was never started on; else null. */
  readonly backupOf: string | null;
  /** What time it was when the epoch was written last, milliseconds; null in a database of an earlier version. */
  readonly servedUntil: number | null;
}

const factOf = (db: DatabaseSync, name: string): string | null => {
  const row = db.prepare('select value from fact where name = ?').get(name) as { value: string } | undefined;
  return row?.value ?? null;
};

const numberOf = (text: string | null): number | null => (text === null ? null : Number(text));

export function readEpoch(db: DatabaseSync): DatabaseEpoch {
  return {
    epoch: numberOf(factOf(db, EPOCH)),
    backupOf: factOf(db, BACKUP),
    servedUntil: numberOf(factOf(db, SERVED)),
  };
}

const PUT = 'insert into fact (name, value) values (?, ?) on conflict (name) do update set value = excluded.value';

/** The database is the one that is served from now on, at this epoch. */
export function writeEpoch(db: DatabaseSync, epoch: number, now: number): void {
  db.exec('begin immediate');
  try {
    db.prepare(PUT).run(EPOCH, String(epoch));
    db.prepare(PUT).run(SERVED, String(now));
    db.prepare('delete from fact where name = ?').run(BACKUP);
    db.exec('commit');
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

/** Whoever starts on this copy is to know that it is one. */
export function markAsBackup(db: DatabaseSync, when: string): void {
  db.prepare(PUT).run(BACKUP, when);
}

/** Says whether anything was written through a connection since it was asked last. */
export function createWriteWatch(db: DatabaseSync): () => boolean {
  const count = db.prepare('select total_changes() as n');
  const now = (): number => (count.get() as { n: number }).n;
  let seen = now();
  return () => {
    const before = seen;
    seen = now();
    return seen !== before;
  };
}
