import { copyFileSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { startServer } from '../server.ts';
import type { BenchPostgres } from './bench-postgres.ts';
import type { Child } from './child.ts';
import { configOf, startProduct } from './dispatch-run.ts';
import { monotonicMs } from './monotonic.ts';
import { inDatabase } from './post-systems.ts';
import { restartRows, type Templates } from './restart-rows.ts';
import { type Life, type LifeOptions, type Started, startLife, watch, whenSeen } from './restart-run.ts';
import { besideSqlite, dueOn, fillPostgres, fillSqlite, leasesOn } from './restart-store.ts';
import type { Restarts } from './settings.ts';

export const ENV = { BENCH_SECRET: 'x'.repeat(32) };
/** So long that little of what is due is done between two kills. */
const ANSWERS_AFTER_MS = 100;
/** Its lease is twice that and 15 s. */
export const TERMS = 'timeout: PT2S';
/** Calls that one killed process may have been at, many times over. */
const LEASED = 1_000;
/** Behind its first call, until it is killed. */
const AT_WORK_MS = 1_500;

const aFolder = (): string => mkdtempSync(path.join(os.tmpdir(), 'data-'));

/** Starts behind kills, one after the other; the start of the first life is behind no kill, and does not count. */
export async function restartOnSqlite(templates: Templates, restarts: Restarts): Promise<readonly Started[]> {
  const product = await startProduct(ANSWERS_AFTER_MS);
  const options = { data: aFolder(), config: configOf(product, TERMS), env: ENV };
  await (await startServer(options)).stop();
  fillSqlite(options.data, restartRows(templates, restarts));
  const beside = besideSqlite(options.data);
  const seen: Started[] = [];
  let due = restarts.due;
  for (let round = 0; round <= restarts.rounds; round += 1) {
    const life = await startLife(options, product);
    seen.push({ ...life.started, due });
    await delay(AT_WORK_MS);
    due = beside.due();
    beside.leave(Math.min(LEASED, restarts.due / 10));
    await life.kill();
  }
  await product.end();
  return seen.slice(1);
}

/** One of two processes is killed. */
export interface TakenOver {
  /** Calls that it was at. */
  readonly leases: number;
  /** From the kill until the other has made one of them again, and all. */
  readonly firstMs: number;
  readonly allMs: number;
}

export interface Round {
  readonly started: Started;
  readonly takenOver: TakenOver;
}

const LATE_MS = 30_000;
/** Until the database has done what the killed one had asked for. */
const SETTLED_MS = 200;

/** Every lease is of one of two who live. */
async function untilBothCall(client: pg.Client): Promise<void> {
  for (;;) {
    const leases = await leasesOn(client);
    if (leases.every(({ lives }) => lives) && new Set(leases.map(({ owner }) => owner)).size === 2) return;
    await delay(50);
  }
}

async function killOne(client: pg.Client, product: Child, one: Life): Promise<TakenOver> {
  await untilBothCall(client);
  const killedAt = monotonicMs();
  await one.kill();
  await delay(SETTLED_MS);
  const targets = (await leasesOn(client)).filter(({ lives }) => !lives).map(({ target }) => target);
  await watch(product, targets);
  const allAt = await whenSeen(product, 'allAt', LATE_MS);
  const firstAt = await whenSeen(product, 'metAt', LATE_MS);
  return { leases: targets.length, firstMs: firstAt - killedAt, allMs: allAt - killedAt };
}

interface Shared {
  readonly client: pg.Client;
  readonly product: Child;
  /** Of either process. */
  readonly options: readonly [LifeOptions, LifeOptions];
}

/** All are dead; one starts, another beside it; that one is killed, and the first goes on with its calls. */
async function roundOnPostgres({ client, product, options }: Shared): Promise<Round> {
  const due = await dueOn(client);
  const life = await startLife(options[0], product);
  const other = await startLife(options[1], product);
  const takenOver = await killOne(client, product, other);
  await life.kill();
  return { started: { ...life.started, due }, takenOver };
}

export async function restartOnPostgres(
  postgres: BenchPostgres,
  templates: Templates,
  restarts: Restarts,
): Promise<readonly Round[]> {
  const database = 'restart';
  await inDatabase(postgres.url, (client) => client.query(`create database ${database}`));
  const url = postgres.urlOf(database);
  const product = await startProduct(ANSWERS_AFTER_MS);
  const env = { ...ENV, INTERDICT_DATABASE_URL: url };
  const first = { data: aFolder(), config: configOf(product, TERMS), env };
  const second = { ...first, data: aFolder() };
  await (await startServer(first)).stop();
  copyFileSync(path.join(first.data, 'key'), path.join(second.data, 'key'));
  await fillPostgres(url, restartRows(templates, restarts));
  const seen: Round[] = [];
  await inDatabase(url, async (client) => {
    for (let round = 0; round <= restarts.rounds; round += 1)
      seen.push(await roundOnPostgres({ client, product, options: [first, second] }));
  });
  await product.end();
  await inDatabase(postgres.url, (client) => client.query(`drop database ${database} with (force)`));
  return seen.slice(1);
}
