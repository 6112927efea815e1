import type pg from 'pg';
import { systemClock } from '../../lib/clock.ts';
import { createStepLane, inLane, type StepLane } from '../../lib/step-lane.ts';
import type { Hurry, LongRead, Store } from '../store.ts';
import type { Step } from '../walk.ts';
import type { AnyUnit } from '../work.ts';
import { ACROSS_TENANTS, type AcrossTenants } from './across-tenants.ts';
import { postgresDialect } from './dialect.ts';
import { createGroupQueue, drained, enqueue, type GroupQueue, isIdle, type UnitCall } from './group.ts';
import { borrow, QUICK_SILENCE_MS, READ_SILENCE_MS } from './postgres-borrow.ts';
import { openPool } from './postgres-connection.ts';
import { carryGroup, type PostgresEngine } from './postgres-group.ts';
import { type OpenHints, openHints } from './postgres-hints.ts';
import { closeLeaseHolder, type LeaseHolder, listLiveOwners, openLeaseHolder } from './postgres-leases.ts';
import { type PreparedDatabase, preparePostgres } from './postgres-open.ts';
import { type PostgresReads, readPostgres, scanPostgres, stepPostgres } from './postgres-read.ts';
import { prepareAll } from './prepare.ts';
import { allStatements } from './statements/all-statements.ts';
import { createStoreClock, type StoreClock } from './store-clock.ts';
import { isLong } from './take-step.ts';
import { createWalkStatements } from './walk-statement.ts';

/** A tenant's cancel waits for the group before it, which has the tenant's lock: 128 units took 400 ms on a slow machine. */
const LARGEST_GROUP = 48;
const WRITERS = 4;
/** A flood of other tenants' units holds up no cancel, no stop and no release: those have connections of their own. */
const URGENT_WRITERS = 2;
const READERS = 6;

export interface PostgresOptions {
  readonly url: string;
  readonly units: readonly AnyUnit[];
  /** Facts to write down where they are new. */
  readonly facts: Readonly<Record<string, string>>;
  /** Opening takes longer than usual: one sentence, why. */
  readonly onWait?: (words: string) => void;
}

export interface OpenPostgres extends Store, PreparedDatabase {}

interface Parts {
  readonly writing: PostgresEngine;
  readonly urgent: PostgresEngine;
  readonly reads: PostgresReads;
  readonly queues: Map<string, GroupQueue>;
  readonly holder: LeaseHolder;
  readonly hints: OpenHints;
  readonly clock: StoreClock;
  /** Steps that count or look into rows leave most connections, and most turns of the event loop, to others. */
  readonly steps: StepLane;
}

/**
 * A tenant's units queue under its lock anyway, so they go one group at a time; other tenants' go beside them. Urgent
 * ones do not wait until a group before them has got a connection: they come to the lock by themselves.
 */
function queueOf({ writing, urgent, queues }: Parts, key: string, isUrgent: boolean): GroupQueue {
  let queue = queues.get(key);
  if (!queue) {
    queue = createGroupQueue((calls) => carryGroup(isUrgent ? urgent : writing, calls), LARGEST_GROUP);
    queues.set(key, queue);
  }
  return queue;
}

async function runUnit(parts: Parts, call: UnitCall, hurry: Hurry = {}): Promise<never> {
  const { tenantId } = call;
  const { urgent = false } = hurry;
  const key = urgent ? `${tenantId} urgent` : tenantId;
  const queue = queueOf(parts, key, urgent);
  try {
    return (await enqueue(queue, call, hurry)) as never;
  } finally {
    setImmediate(() => {
      if (isIdle(queue) && parts.queues.get(key) === queue) parts.queues.delete(key);
    });
  }
}

async function tenantIds(pool: pg.Pool, name: AcrossTenants, values: unknown[]): Promise<readonly string[]> {
  const { rows } = await borrow(pool, READ_SILENCE_MS, (client) =>
    client.query<{ tenant_id: string }>(ACROSS_TENANTS[name], values),
  );
  return rows.map(({ tenant_id }) => tenant_id);
}

async function close({ writing, urgent, reads, queues, holder, hints }: Parts): Promise<void> {
  await Promise.all([...queues.values()].map(drained));
  await Promise.all([
    writing.pool.end(),
    urgent.pool.end(),
    reads.engine.pool.end(),
    closeLeaseHolder(holder),
    hints.close(),
  ]);
}

function storeOver(parts: Parts, prepared: PreparedDatabase): OpenPostgres {
  const readers = parts.reads.engine.pool;
  return {
    ...prepared,
    clock: parts.clock,
    leaseOwner: String(parts.holder.key),
    hints: parts.hints,
    // How full its disk is, PostgreSQL tells nobody until it is.
    isShort: () => false,
    run: (tenantId, unit, args, options) => runUnit(parts, { tenantId, unit: unit.name, args }, options),
    read: (tenantId, wanted) => readPostgres(parts.reads, tenantId, wanted),
    step: (tenantId, call) => {
      const take = (): Promise<Step> => stepPostgres(parts.reads, tenantId, call);
      return isLong(call) ? inLane(parts.steps, tenantId, take) : take();
    },
    scan: (tenantId, longs) =>
      scanPostgres(parts.reads.engine, tenantId, longs as readonly LongRead<unknown>[]) as Promise<never>,
    tenant: async (tenantId) => {
      const text = 'select last_sequence, action_count from tenant where tenant_id = $1';
      const { rows } = await borrow(readers, READ_SILENCE_MS, (client) => client.query(text, [tenantId]));
      return { sequence: rows[0]?.last_sequence ?? 0, actionCount: rows[0]?.action_count ?? 0 };
    },
    dueTenants: (now, limit) => tenantIds(readers, 'dueTenants', [now, limit]),
    dueTenantsAfter: (now, tenantId, limit) => tenantIds(readers, 'dueTenantsAfter', [now, tenantId, limit]),
    tenantsAfter: (tenantId, limit) => tenantIds(readers, 'tenantsAfter', [tenantId, limit]),
    subscribedTenants: (tenantId, limit) => tenantIds(readers, 'subscribedTenants', [tenantId, limit]),
    liveLeaseOwners: () => listLiveOwners(readers, parts.clock, parts.holder),
    ping: async () => {
      const answers = (pool: pg.Pool): Promise<unknown> =>
        borrow(pool, QUICK_SILENCE_MS, (client) => client.query('select 1'));
      await Promise.all([readers, parts.writing.pool, parts.urgent.pool].map(answers));
    },
    close: () => close(parts),
  };
}

/**
 * Opens the shared store: any number of processes over one PostgreSQL. One URL is enough, a superuser's too.
 *
 * @throws {Error} where the database is not prepared and the user may not prepare it, or promises too little
 */
export async function openPostgresStore({ url, units, facts, onWait }: PostgresOptions): Promise<OpenPostgres> {
  const prepared = await preparePostgres(url, facts, onWait);
  const holder = await openLeaseHolder(url);
  const hints = await openHints(url, String(holder.key), () => holder.hasOthers);
  const engine = (max: number): PostgresEngine => ({
    pool: openPool(url, max),
    statements: prepareAll(postgresDialect, allStatements),
    walks: createWalkStatements(postgresDialect),
    units: new Map(units.map((unit) => [unit.name, unit])),
    onChange: (tenantId) => hints.tell(tenantId, 'changed'),
  });
  const reads = { engine: engine(READERS), waiting: new Map() };
  const clock = createStoreClock(systemClock);
  await listLiveOwners(reads.engine.pool, clock, holder);
  return storeOver(
    {
      writing: engine(WRITERS),
      urgent: engine(URGENT_WRITERS),
      reads,
      queues: new Map(),
      holder,
      hints,
      clock,
      steps: createStepLane(2),
    },
    prepared,
  );
}
