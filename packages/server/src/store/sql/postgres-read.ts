import type pg from 'pg';
import { Refusal } from '../../errors.ts';
import type { LongRead, Scan } from '../store.ts';
import type { Step, StepCall } from '../walk.ts';
import type { Query } from '../work.ts';
import { borrow, READ_SILENCE_MS } from './postgres-borrow.ts';
import { bindTenant, type PostgresEngine, sendQuery, settled } from './postgres-group.ts';
import { countedStep, isCounted, isJudged, mostCounted, mostGiven, takeStep } from './take-step.ts';
import { walkArguments, walkStatement } from './walk-statement.ts';

const SCAN_SLICE = 2_000;

interface WaitingRead {
  readonly wanted: Query<unknown>;
  resolve(rows: never): void;
  reject(error: unknown): void;
}

/** Reads that wait for the end of this turn of the event loop, by tenant. */
export interface PostgresReads {
  readonly engine: PostgresEngine;
  readonly waiting: Map<string, WaitingRead[]>;
}

/** All reads of one tenant in one turn share a transaction, which row-level security binds to the tenant. */
export function readPostgres(reads: PostgresReads, tenantId: string, wanted: Query<unknown>): Promise<never> {
  return new Promise((resolve, reject) => {
    const batch = reads.waiting.get(tenantId);
    if (batch) {
      batch.push({ wanted, resolve, reject });
      return;
    }
    reads.waiting.set(tenantId, [{ wanted, resolve, reject }]);
    setImmediate(() => void sendReads(reads, tenantId));
  });
}

/** Reads of one tenant in one transaction. Where one of several cannot be read, each is tried alone. */
async function readTogether(engine: PostgresEngine, tenantId: string, batch: readonly WaitingRead[]): Promise<void> {
  try {
    const results = await borrow(engine.pool, READ_SILENCE_MS, (client) =>
      settled([
        client.query('begin read only'),
        bindTenant(client, tenantId),
        ...batch.map(({ wanted }) => sendQuery(client, engine.statements, tenantId, wanted)),
        client.query('commit'),
      ]),
    );
    batch.forEach(({ resolve }, index) => {
      resolve(results[index + 2]?.rows as never);
    });
  } catch (error) {
    // Where the database is out of reach it is so for each of them.
    const isOfAll = error instanceof Refusal || batch.length === 1;
    if (isOfAll) for (const { reject } of batch) reject(error);
    else for (const read of batch) await readTogether(engine, tenantId, [read]);
  }
}

async function sendReads(reads: PostgresReads, tenantId: string): Promise<void> {
  const batch = reads.waiting.get(tenantId) ?? [];
  reads.waiting.delete(tenantId);
  await readTogether(reads.engine, tenantId, batch);
}

/** Rows come all at once: fewer than where they come one by one. */
const LOOKED_AT = 101;

/** One step of a walk through a tenant's actions. */
export async function stepPostgres({ engine }: PostgresReads, tenantId: string, call: StepCall): Promise<Step> {
  const { walk, after } = call;
  const isCount = isCounted(call);
  const most = isCount ? mostCounted(call) : isJudged(call) ? LOOKED_AT : Math.min(mostGiven(call), LOOKED_AT);
  const prepared = walkStatement(engine.walks, walk, after !== undefined, isCount ? 'count' : 'entities');
  const values = prepared.bind(tenantId, walkArguments(walk, after, most));
  // A connection keeps what was prepared under a name for as long as it stands: shapes that are rare get none.
  const name = (walk.ways?.length ?? 0) > 1 ? {} : { name: prepared.name };
  let beganAt = 0;
  const answers = await borrow(engine.pool, READ_SILENCE_MS, (client) => {
    beganAt = performance.now();
    return settled([
      client.query('begin read only'),
      bindTenant(client, tenantId),
      client.query({ ...name, text: prepared.sql, values }),
      client.query('commit'),
    ]);
  });
  const askedMs = performance.now() - beganAt;
  const rows = answers[2]?.rows ?? [];
  if (isCount) return countedStep(rows[0], most, askedMs);
  const step = takeStep(call, rows, most);
  return { ...step, tookMs: step.tookMs + askedMs };
}

async function readAll(
  client: pg.ClientBase,
  engine: PostgresEngine,
  tenantId: string,
  long: LongRead<unknown>,
): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for (;;) {
    const slice = await sendQuery(client, engine.statements, tenantId, long(rows.at(-1), SCAN_SLICE));
    for (const row of slice.rows) rows.push(row);
    if (slice.rows.length < SCAN_SLICE) return rows;
  }
}

/** Long reads as of one moment. */
export function scanPostgres(
  engine: PostgresEngine,
  tenantId: string,
  longs: readonly LongRead<unknown>[],
): Promise<Scan<readonly unknown[]>> {
  return borrow(engine.pool, READ_SILENCE_MS, async (client) => {
    const [, , counters] = await settled([
      client.query('begin isolation level repeatable read read only'),
      bindTenant(client, tenantId),
      client.query('select last_sequence from tenant where tenant_id = $1', [tenantId]),
    ]);
    const rows: (readonly unknown[])[] = [];
    for (const long of longs) rows.push(await readAll(client, engine, tenantId, long));
    await client.query('commit');
    return { sequence: counters?.rows[0]?.last_sequence ?? 0, rows };
  });
}
