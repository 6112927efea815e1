import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { clearAwayLater } from './clear-away.ts';

export interface BenchPostgres extends Pick<TestPostgres, 'url' | 'urlOf'> {
  /** Its first process, the parent of all others. */
  readonly pid: number;
  readonly version: string;
}

/** PostgreSQL has its port among its arguments, and its children have not. */
function pidOn(port: string): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const args = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      if (args[0]?.endsWith('/postgres') && args.includes(`port=${port}`)) return Number(name);
    } catch {
      // It ended meanwhile.
    }
  }
  throw new Error(`No PostgreSQL runs on port ${port}.`);
}

async function versionOf(url: string): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  await client.end();
  return rows[0]?.server_version ?? 'unknown';
}

/** PostgreSQL 18 of the packages, with its own settings: fsync and synchronous_commit are on. */
export async function startBenchPostgres(): Promise<BenchPostgres> {
  const postgres = await startPostgres('18');
  clearAwayLater(() => postgres.stop());
  return {
    url: postgres.url,
    urlOf: postgres.urlOf,
    pid: pidOn(new URL(postgres.url).port),
    version: await versionOf(postgres.url),
  };
}
