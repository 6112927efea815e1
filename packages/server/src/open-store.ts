import path from 'node:path';
import type { InstallKey } from './auth/install-key.ts';
import type { Config } from './config.ts';
import { OperatorFault } from './errors.ts';
import { keepEpoch } from './keep-epoch.ts';
import type { Log } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';
import { openSqliteStore } from './store/sql/sqlite-store.ts';
import type { Store } from './store/store.ts';
import { UNITS } from './units.ts';
import { watchClock } from './watch-clock.ts';

const KEY_FACT = 'install-key';

/** Page tokens, local tokens and secrets hang on the key: with another one the server would refuse its own. */
function checkKey(settled: string | undefined, key: InstallKey, dataFolder: string): void {
  if (settled === key.fingerprint) return;
  const file = path.join(dataFolder, 'key');
  throw new OperatorFault(
    `The install key ${file} is not the one that this database was made with. ` +
      'Bring the right key back, or name another database.',
  );
}

/** Long enough for answers that are on their way: what a caller was told must be what is on the disk. */
const LAST_WORDS_MS = 250;

/** A disk that failed may say next time that all is well: only a new process that reads what is there can tell. */
function endProcess(log: Log, error: Error): void {
  log.fatal({ err: error }, 'The embedded store has failed. The process ends; start it again when the disk is well.');
  setTimeout(() => process.exit(1), LAST_WORDS_MS);
}

/** What an operator must see before it is too late. */
const tellRoom =
  (log: Log) =>
  (isShort: boolean): void => {
    if (isShort) log.warn('The disk of the store is almost full: new actions are refused and wait, releases go on.');
    else log.info('The disk of the store has room again.');
  };

async function openEmbedded(config: Config, key: InstallKey, log: Log, metrics: Metrics): Promise<Store> {
  const guard = watchClock(log, metrics);
  const store = await openSqliteStore({
    folder: config.dataFolder,
    entry: new URL('./store-thread.ts', import.meta.url),
    onRoom: tellRoom(log),
    onBroken: (error) => endProcess(log, error),
    failpoints: config.failpoints,
    clock: guard,
  });
  try {
    checkKey(await store.settleFact(KEY_FACT, key.fingerprint), key, config.dataFolder);
    const epoch = await keepEpoch(store, config.dataFolder, log);
    if (epoch.servedUntil !== null) guard.remember(epoch.servedUntil);
    const close = async (): Promise<void> => {
      await epoch.close();
      await store.close();
    };
    return { ...store, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The store that the configuration names. @throws {OperatorFault} where it cannot be opened */
export async function openStore(config: Config, key: InstallKey, log: Log, metrics: Metrics): Promise<Store> {
  if (!config.databaseUrl) return await openEmbedded(config, key, log, metrics);
  const url = config.databaseUrl.reveal();
  // 270 modules that nobody needs in this thread over SQLite: a start takes that much less.
  const { openPostgresStore } = await import('./store/sql/postgres-store.ts');
  const store = await openPostgresStore({
    url,
    units: UNITS,
    facts: { [KEY_FACT]: key.fingerprint },
    onWait: (words) => log.warn(words),
  });
  for (const warning of store.warnings) log.warn(warning);
  try {
    checkKey(store.facts[KEY_FACT], key, config.dataFolder);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
