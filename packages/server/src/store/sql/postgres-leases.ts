import { randomInt } from 'node:crypto';
import pg from 'pg';
import { borrow, QUICK_SILENCE_MS } from './postgres-borrow.ts';
import { becomeApp, connectionOptions } from './postgres-connection.ts';
import { endSilent, listening } from './postgres-silence.ts';
import { measure, type StoreClock } from './store-clock.ts';

/** The first half of an advisory lock's key: locks of ours, by which processes show that they live. */
const ALIVE = 4_873_105;

const LIVE = `select array(select objid::text from pg_locks where locktype = 'advisory' and classid = ${ALIVE} and granted
  and database = (select oid from pg_database where datname = current_database())) as owners,
  (extract(epoch from clock_timestamp()) * 1000)::bigint as now`;

/**
 * This process's name on its leases: a lock that PostgreSQL drops with the connection, so that others see at once
 * when the process is gone. A lease of a process that lives is never taken before its time.
 */
export interface LeaseHolder {
  readonly url: string;
  readonly key: number;
  client: pg.Client | undefined;
  /** Whether others lived when that was asked last. */
  hasOthers: boolean;
  closed: boolean;
}

/** Longer than PostgreSQL lets it wait for the lock, which an earlier connection of ours may still hold. */
const LOCK_SILENCE_MS = 15_000;

async function connect(holder: LeaseHolder): Promise<void> {
  const client = new pg.Client(connectionOptions(holder.url));
  client.on('error', () => {
    if (holder.client !== client) return;
    holder.client = undefined;
    void reconnect(holder);
  });
  try {
    await client.connect();
    await becomeApp(client);
    const lock = (): Promise<unknown> => client.query('select pg_advisory_lock($1, $2)', [ALIVE, holder.key]);
    await listening(client, LOCK_SILENCE_MS, lock);
    holder.client = client;
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
}

const RECONNECT_MS = 500;

/** At once: until it has the lock again, the process is missed by others. */
async function reconnect(holder: LeaseHolder): Promise<void> {
  for (;;) {
    if (holder.closed || holder.client) return;
    await connect(holder).catch(() => undefined);
    if (holder.client) return;
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

export async function openLeaseHolder(url: string): Promise<LeaseHolder> {
  const holder: LeaseHolder = {
    url,
    key: randomInt(1, 2 ** 31 - 1),
    client: undefined,
    hasOthers: false,
    closed: false,
  };
  await connect(holder);
  return holder;
}

/** Who lives; and by the same answer, what time it is there. */
export async function listLiveOwners(
  pool: pg.Pool,
  clock: StoreClock,
  holder: LeaseHolder,
): Promise<ReadonlySet<string>> {
  const live = await borrow(pool, QUICK_SILENCE_MS, (client) =>
    measure(clock, async () => {
      const { rows } = await client.query<{ owners: string[]; now: number }>(LIVE);
      return { value: new Set(rows[0]?.owners), now: rows[0]?.now ?? Number.NaN };
    }),
  );
  holder.hasOthers = [...live].some((owner) => owner !== String(holder.key));
  // Nothing is asked on its connection: that it was lost without a word shows here alone.
  if (holder.client && !live.has(String(holder.key))) endSilent(holder.client, 'The lock of this process is gone.');
  return live;
}

export async function closeLeaseHolder(holder: LeaseHolder): Promise<void> {
  holder.closed = true;
  await holder.client?.end().catch(() => undefined);
}
