import { randomInt } from 'node:crypto';
import pg from 'pg';
import { becomeApp, connectionOptions } from './postgres-connection.ts';

/** The first half of an advisory lock's key: locks of ours, by which processes show that they live. */
const ALIVE = 4_873_105;

const LIVE = `select objid::bigint as owner from pg_locks where locktype = 'advisory' and classid = ${ALIVE} and granted
  and database = (select oid from pg_database where datname = current_database())`;

/**
 * This process's name on its leases: a lock that PostgreSQL drops with the connection, so that others see at once
 * when the process is gone. A lease of a process that lives is never taken before its time.
 */
export interface LeaseHolder {
  readonly url: string;
  readonly key: number;
  client: pg.Client | undefined;
  closed: boolean;
}

async function connect(holder: LeaseHolder): Promise<void> {
  const client = new pg.Client(connectionOptions(holder.url));
  client.on('error', () => {
    holder.client = undefined;
    void reconnect(holder);
  });
  await client.connect();
  await becomeApp(client);
  await client.query('select pg_advisory_lock($1, $2)', [ALIVE, holder.key]);
  holder.client = client;
}

const RECONNECT_MS = 500;

async function reconnect(holder: LeaseHolder): Promise<void> {
  while (!holder.closed && !holder.client) {
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    await connect(holder).catch(() => undefined);
  }
}

export async function openLeaseHolder(url: string): Promise<LeaseHolder> {
  const holder: LeaseHolder = { url, key: randomInt(1, 2 ** 31 - 1), client: undefined, closed: false };
  await connect(holder);
  return holder;
}

export async function listLiveOwners(pool: pg.Pool): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ owner: number }>(LIVE);
  return new Set(rows.map(({ owner }) => String(owner)));
}

export async function closeLeaseHolder(holder: LeaseHolder): Promise<void> {
  holder.closed = true;
  await holder.client?.end().catch(() => undefined);
}
