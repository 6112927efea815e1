import { existsSync } from 'node:fs';
import path from 'node:path';
import type { AgentWork, WorkReport } from '@interdict/connectors';
import { type AgentConnectors, carryWork, openAgentConnectors } from './agent-connectors.ts';
import { openInstallKey } from './auth/install-key.ts';
import { createLocalIssuer, type MintRequest } from './auth/local-issuer.ts';
import { readLocalIssuerSettings, readStoreSettings } from './config.ts';
import { OperatorFault } from './errors.ts';
import { systemClock } from './lib/clock.ts';
import { quarantineAll } from './quarantine-all.ts';
import { openPostgresStore } from './store/sql/postgres-store.ts';
import { backupSqlite } from './store/sql/sqlite-backup.ts';
import { openSqliteBeside } from './store/sql/sqlite-beside.ts';
import { databaseFile } from './store/sql/sqlite-open.ts';
import { UNITS } from './units.ts';

export {
  type AgentConnectors,
  type AgentWork,
  carryWork,
  type MintRequest,
  OperatorFault,
  openAgentConnectors,
  type WorkReport,
};

/**
 * A token of the local issuer, signed with the install key in `$INTERDICT_DATA`, whether the server is up or not.
 *
 * @throws {OperatorFault} where issuers are configured, or no key is there
 * @throws {RangeError} where nobody could hold such a token
 */
export async function mintToken(request: MintRequest): Promise<string> {
  const { dataFolder, isLocal } = readLocalIssuerSettings();
  if (!isLocal) {
    throw new OperatorFault('The configuration names issuers: tokens come from them, and the local issuer is off.');
  }
  const keyFile = path.join(dataFolder, 'key');
  if (!existsSync(keyFile)) {
    throw new OperatorFault(
      `There is no install key at ${keyFile}. Start the server once, or point INTERDICT_DATA at its data.`,
    );
  }
  return await createLocalIssuer(openInstallKey(keyFile), systemClock).mint(request);
}

/**
 * Copies the embedded store in `$INTERDICT_DATA` to a file, whether the server is up or not.
 *
 * @throws {OperatorFault} where the store is PostgreSQL's, or is not there, or the file is
 */
export function backUp(file: string): void {
  const { dataFolder, databaseUrl } = readStoreSettings();
  if (databaseUrl) {
    throw new OperatorFault(
      "INTERDICT_DATABASE_URL is set: PostgreSQL's own tools make the backup (pg_dump, base backups). " +
        'After a restore run "npx interdict restored" before a server starts.',
    );
  }
  backupSqlite(dataFolder, file, new Date(systemClock.now()).toISOString());
}

const TOLD = 'An operator said that the database was restored.';

/**
 * Puts every tenant of the database into quarantine, whether servers are up or not.
 *
 * @returns how many tenants it has
 * @throws {OperatorFault} where there is no database
 */
export async function tellRestored(): Promise<number> {
  const { dataFolder, databaseUrl } = readStoreSettings();
  if (databaseUrl) {
    const store = await openPostgresStore({ url: databaseUrl.reveal(), units: UNITS, facts: {} });
    try {
      return await quarantineAll(store, TOLD);
    } finally {
      await store.close();
    }
  }
  if (!existsSync(databaseFile(dataFolder))) {
    throw new OperatorFault(
      `There is no embedded store in ${dataFolder}. INTERDICT_DATA names the folder that has it.`,
    );
  }
  const store = openSqliteBeside(dataFolder, UNITS);
  try {
    return await quarantineAll(store, TOLD);
  } finally {
    store.close();
  }
}
