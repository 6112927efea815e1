import path from 'node:path';
import type { InstallKey } from './auth/install-key.ts';
import type { Config } from './config.ts';
import type { Log } from './observe/log.ts';
import { openPostgresStore } from './store/sql/postgres-store.ts';
import { openSqliteStore } from './store/sql/sqlite-store.ts';
import type { Store } from './store/store.ts';
import { UNITS } from './units.ts';

const KEY_FACT = 'install-key';

/** Page tokens, local tokens and secrets hang on the key: with another one the server would refuse its own. */
function checkKey(settled: string | undefined, key: InstallKey, dataFolder: string): void {
  if (settled === key.fingerprint) return;
  const file = path.join(dataFolder, 'key');
  throw new Error(
    `The install key ${file} is not the one that this database was made with. ` +
      'Bring the right key back, or name another database.',
  );
}

async function openEmbedded(config: Config, key: InstallKey): Promise<Store> {
  const store = await openSqliteStore({
    folder: config.dataFolder,
    entry: new URL('./store-thread.ts', import.meta.url),
  });
  try {
    checkKey(await store.settleFact(KEY_FACT, key.fingerprint), key, config.dataFolder);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The store that the configuration names. @throws {Error} with a sentence for the operator */
export async function openStore(config: Config, key: InstallKey, log: Log): Promise<Store> {
  if (!config.databaseUrl) return await openEmbedded(config, key);
  const url = config.databaseUrl.reveal();
  const store = await openPostgresStore({ url, units: UNITS, facts: { [KEY_FACT]: key.fingerprint } });
  for (const warning of store.warnings) log.warn(warning);
  try {
    checkKey(store.facts[KEY_FACT], key, config.dataFolder);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
