import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { seededRandom } from '../../../packages/server/src/dispatch/testing/seeded-random.ts';
import { startPostgres, type TestPostgres } from '../../postgres.ts';
import { startServer, type TestServer, until } from '../../server.ts';
import type { Finding } from '../campaign.ts';
import type { Fault, FaultRun } from './fault.ts';
import { compareTold, nothingTold, postOne, postUntil, type Told } from './told.ts';

/** Contract of F15: the database is back, and so is the server. */
const BACK_WITHIN_MS = 5_000;
const LEAST_LOAD_MS = 100;
const MORE_LOAD_MS = 400;
const MOST_DOWN_MS = 800;
const RESTARTED_SHARE = 0.4;

const END_ALL = `select pg_terminate_backend(pid) from pg_stat_activity
  where application_name = 'interdict' and pid <> pg_backend_pid()`;

async function terminateAll(postgres: TestPostgres): Promise<void> {
  const client = new pg.Client(postgres.url);
  await client.connect();
  await client.query(END_ALL);
  await client.end();
}

/** `pg_ctl restart -m immediate` is no more: all its processes end at once, and the log is replayed. */
async function restartAtOnce(postgres: TestPostgres, downMs: number): Promise<void> {
  await postgres.crash();
  await delay(downMs);
  await postgres.restart();
}

/** @returns after how long a request was accepted again */
async function backAfter(told: Told, server: TestServer): Promise<number> {
  const began = performance.now();
  await until(
    () => postOne(told, server),
    (status) => status === 201,
    30_000,
  );
  return performance.now() - began;
}

async function disturb({ count, seed, say }: FaultRun, postgres: TestPostgres, server: TestServer): Promise<Finding[]> {
  const told = nothingTold();
  const stop = new AbortController();
  const load = postUntil(told, server, stop.signal);
  const random = seededRandom(seed);
  const took: number[] = [];
  for (let round = 0; round < count; round += 1) {
    await delay(LEAST_LOAD_MS + random() * MORE_LOAD_MS);
    const isRestart = random() < RESTARTED_SHARE;
    await (isRestart ? restartAtOnce(postgres, random() * MOST_DOWN_MS) : terminateAll(postgres));
    took.push(await backAfter(told, server));
    say(round + 1, isRestart ? 'restarted at once' : 'connections ended');
  }
  stop.abort();
  await load;
  const longest = Math.max(...took);
  const broken = longest > BACK_WITHIN_MS ? `it took ${Math.round(longest)} ms` : undefined;
  return [
    ...(await compareTold(told, server)),
    { promise: 'accepts again within 5 s', broken, seen: `at most ${Math.round(longest)} ms in ${count} cases` },
  ];
}

/** PostgreSQL ends every connection, or itself, under load: with `pg_terminate_backend`, or like `-m immediate`. */
export const databaseRestart: Fault = {
  name: 'database-restart',
  cases: { long: 60, short: 3 },
  run: async (fault) => {
    const postgres = await startPostgres('18');
    let server: TestServer | undefined;
    try {
      server = await startServer({ env: { INTERDICT_DATABASE_URL: postgres.url } });
      return await disturb(fault, postgres, server);
    } finally {
      await server?.discard();
      await postgres.stop();
    }
  },
};
