import { copyFileSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startServer, type TestServer } from '../server.ts';
import type { BenchPostgres } from './bench-postgres.ts';
import { clearAwayLater } from './clear-away.ts';
import { configOf, type Dispatched, measureDispatch, startProduct } from './dispatch-run.ts';
import { inDatabase } from './post-systems.ts';

const COUNT_COMPLETED = "select count(*) as completed from action where status = 'Completed'";
const ENV = { BENCH_SECRET: 'x'.repeat(32) };

const aFolder = (): string => mkdtempSync(path.join(os.tmpdir(), 'data-'));

export interface DispatchKind {
  readonly answersAfterMs: number;
  /** Lines of the provider's configuration beside its address. */
  readonly more?: string;
  readonly count: number;
}

/** One process over an embedded store. */
export async function dispatchOnSqlite({ answersAfterMs, more, count }: DispatchKind): Promise<Dispatched> {
  const product = await startProduct(answersAfterMs);
  const data = aFolder();
  const server = await startServer({ data, config: configOf(product, more), env: ENV });
  const end = clearAwayLater(() => server.discard());
  const db = new DatabaseSync(path.join(data, 'interdict.sqlite'), { readOnly: true });
  try {
    const completed = async (): Promise<number> => Number(db.prepare(COUNT_COMPLETED).get()?.completed);
    return await measureDispatch({ servers: [server], databasePid: undefined, product, completed }, count);
  } finally {
    db.close();
    await end();
    await product.end();
  }
}

let databases = 0;

/** Processes over one database. */
export async function dispatchOnPostgres(
  postgres: BenchPostgres,
  processes: number,
  { answersAfterMs, more, count }: DispatchKind,
): Promise<Dispatched> {
  databases += 1;
  const database = `dispatch_${databases}`;
  await inDatabase(postgres.url, (client) => client.query(`create database ${database}`));
  const url = postgres.urlOf(database);
  const product = await startProduct(answersAfterMs);
  const servers: TestServer[] = [];
  const end = clearAwayLater(async () => void (await Promise.all(servers.map((server) => server.discard()))));
  try {
    for (let index = 0; index < processes; index += 1) {
      const data = aFolder();
      if (servers[0]) copyFileSync(path.join(servers[0].data, 'key'), path.join(data, 'key'));
      const env = { ...ENV, INTERDICT_DATABASE_URL: url };
      servers.push(await startServer({ data, config: configOf(product, more), env }));
    }
    return await inDatabase(url, (client) => {
      const completed = async (): Promise<number> => {
        const { rows } = await client.query(COUNT_COMPLETED.replace('from action', 'from interdict.action'));
        return Number(rows[0]?.completed);
      };
      return measureDispatch({ servers, databasePid: postgres.pid, product, completed }, count);
    });
  } finally {
    await end();
    await product.end();
    await inDatabase(postgres.url, (client) => client.query(`drop database ${database} with (force)`));
  }
}
