import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { migrateSqlite, openWriter } from '../../packages/server/src/store/sql/sqlite-open.ts';
import { startServer } from '../server.ts';

const NAMES = new Map([
  [1, 'interdict.sqlite'],
  [2, 'interdict.sqlite-wal'],
  [3, 'interdict.sqlite-journal'],
]);

/** Lays the files out as the next start finds them; what is no database comes from the folder of the run. */
export function layOut(image: ReadonlyMap<number, Buffer | undefined>, from: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(path.join(from, 'key'), path.join(folder, 'key'));
  for (const [number, bytes] of image) if (bytes) writeFileSync(path.join(folder, NAMES.get(number) ?? ''), bytes);
}

export interface Seen {
  /** SQLite's own word. */
  readonly integrity: string;
  readonly lost: readonly string[];
}

/** Opens the files as the server does, and looks for what was acknowledged. */
export function checkImage(folder: string, acknowledged: readonly string[]): Seen {
  const db = openWriter(folder);
  try {
    migrateSqlite(db);
    const { integrity_check: integrity } = db.prepare('pragma integrity_check').get() as { integrity_check: string };
    const ids = new Set(
      db
        .prepare('select id from action')
        .all()
        .map(({ id }) => String(id)),
    );
    return { integrity, lost: acknowledged.filter((id) => !ids.has(id)) };
  } finally {
    db.close();
  }
}

/** Whether the server starts on the files by itself, and says that all is well. @returns what it printed where not */
export async function startsOn(folder: string): Promise<string | undefined> {
  try {
    const server = await startServer({ data: folder });
    await server.kill();
    return undefined;
  } catch (error) {
    return String(error);
  }
}
