import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startPostgres } from '../../../../../../test/postgres.ts';
import { openPostgresStore } from '../../../store/sql/postgres-store.ts';
import { databaseFile } from '../../../store/sql/sqlite-open.ts';
import { openSqliteStore } from '../../../store/sql/sqlite-store.ts';
import type { Store } from '../../../store/store.ts';
import { UNITS } from '../../../units.ts';
import { rewriteEntity } from './rewrite-entity.ts';

/** A real database with the server's own units of work. */
export interface OpenedStore {
  readonly store: Store;
  /** The file of an embedded store, or the address of a shared one. */
  readonly place: string;
  discard(): Promise<void>;
}

export async function openedSqlite(): Promise<OpenedStore> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-lists-'));
  const store = await openSqliteStore({ folder, entry: new URL('./search-thread.ts', import.meta.url) });
  return {
    store,
    place: databaseFile(folder),
    discard: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export async function openedPostgres(): Promise<OpenedStore> {
  const server = await startPostgres('18');
  const store = await openPostgresStore({ url: server.url, units: [...UNITS, rewriteEntity], facts: {} });
  return {
    store,
    place: server.url,
    discard: async () => {
      await store.close();
      await server.stop();
    },
  };
}
