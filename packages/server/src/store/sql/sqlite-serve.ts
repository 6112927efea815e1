import type { DatabaseSync } from 'node:sqlite';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { type ArmedFailpoint, armFailpoints } from '../../lib/failpoint.ts';
import { sharedClock } from '../../lib/guarded-clock.ts';
import { Moved, type PackedThrown, type PortMethods, packThrown, servePort } from '../../lib/port-calls.ts';
import type { StepCall } from '../walk.ts';
import type { AnyUnit } from '../work.ts';
import { ACROSS_TENANTS, type AcrossTenants } from './across-tenants.ts';
import { giveUpReserve, keepReserve, makeRoomToStart } from './disk-room.ts';
import { hasThrown, type UnitCall, type UnitOutcome } from './group.ts';
import { ask, createSqliteEngine, readTenant, runGroup, type SqliteEngine, stepSqlite } from './sqlite-engine.ts';
import { createWriteWatch, readEpoch, writeEpoch } from './sqlite-epoch.ts';
import { isBroken, isFull } from './sqlite-faults.ts';
import { lockFolder, migrateSqlite, openReader, openWriter, settleFact } from './sqlite-open.ts';

/** How a thread of the embedded store is started. */
export interface SqliteThread {
  readonly role: 'writer' | 'reader';
  readonly folder: string;
  readonly failpoints: readonly ArmedFailpoint[];
  /** Of a guarded clock; absent: the system's. */
  readonly clock: SharedArrayBuffer | undefined;
}

/** Code of a fault that crosses from the writer: there is no room on the disk. */
export const STORE_FULL = 'STORE_FULL';

/** One read on its way to the reader. */
export interface ReadCall {
  readonly tenantId: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** The thread ends, and with it, by its own decision, the process. */
const endAfterAnswer = (): void => void setImmediate(() => process.exit(1));

const packFault = (thrown: unknown): PackedThrown => ({
  ...packThrown(thrown),
  ...(isFull(thrown) && { code: STORE_FULL }),
});

const hasNoRoom = (outcomes: readonly UnitOutcome[]): boolean =>
  outcomes.some((outcome) => hasThrown(outcome) && isFull(outcome.thrown));

/** A full disk fails a whole group, and leaves nothing of it: in the room of the reserve it is carried through. */
function carryGroup(engine: SqliteEngine, folder: string, calls: readonly UnitCall[]): readonly UnitOutcome[] {
  const outcomes = runGroup(engine, calls);
  return hasNoRoom(outcomes) && giveUpReserve(folder) ? runGroup(engine, calls) : outcomes;
}

function writerMethods(folder: string, units: readonly AnyUnit[], clock: Clock): PortMethods {
  const lock = lockFolder(folder);
  makeRoomToStart(folder);
  const db = openWriter(folder);
  migrateSqlite(db);
  keepReserve(folder);
  const engine = createSqliteEngine(db, units, clock);
  let hasFailed = false;
  const isWritten = createWriteWatch(db);
  return {
    ready: () => true,
    readEpoch: () => readEpoch(db),
    writeEpoch: (epoch: number) => {
      writeEpoch(db, epoch);
      isWritten();
    },
    raiseEpoch: () => {
      if (hasFailed || !isWritten()) return null;
      const next = (readEpoch(db).epoch ?? 0) + 1;
      writeEpoch(db, next);
      isWritten();
      return next;
    },
    settleFact: ({ name, value }: { name: string; value: string }) => settleFact(db, name, value),
    group: (calls: readonly UnitCall[]) => {
      // What this connection would say of its last commit may be wrong.
      if (hasFailed) throw new Error('The file of the store has failed.');
      const outcomes = carryGroup(engine, folder, calls);
      hasFailed = outcomes.some((outcome) => hasThrown(outcome) && isBroken(outcome.thrown));
      if (hasFailed) endAfterAnswer();
      return outcomes.map((outcome) => (hasThrown(outcome) ? { thrown: packFault(outcome.thrown) } : outcome));
    },
    keepReserve: () => keepReserve(folder),
    close: () => {
      db.exec('pragma wal_checkpoint(truncate)');
      db.close();
      lock.close();
    },
  };
}

/** A long read has a connection of its own: within its transaction it sees one moment, while others see the present. */
function scanMethods(engine: SqliteEngine): PortMethods {
  return {
    openScan: (tenantId: string) => {
      engine.db.exec('begin');
      return readTenant(engine, tenantId)?.last_sequence ?? 0;
    },
    readScan: ({ tenantId, name, args }: ReadCall) => ask(engine, tenantId, { name, args }),
    closeScan: () => {
      engine.db.exec('commit');
    },
  };
}

/** Each argument stands once, and in order. */
const asked = (name: AcrossTenants): string => ACROSS_TENANTS[name].replaceAll(/\$\d/g, '?');

const ids = (db: DatabaseSync, name: AcrossTenants, ...values: readonly (string | number)[]): string[] =>
  db
    .prepare(asked(name))
    .all(...values)
    .map((row) => String(row.tenant_id));

function readerMethods(folder: string): PortMethods {
  const engine = createSqliteEngine(openReader(folder), [], systemClock);
  const scanning = createSqliteEngine(openReader(folder), [], systemClock);
  return {
    ready: () => true,
    reads: (calls: readonly ReadCall[]) =>
      calls.map(({ tenantId, name, args }) => ask(engine, tenantId, { name, args })),
    step: ({ tenantId, call }: { tenantId: string; call: StepCall }) => {
      const step = stepSqlite(engine, tenantId, call);
      return step.page ? new Moved(step, [step.page.text.buffer]) : step;
    },
    tenant: (tenantId: string) => readTenant(engine, tenantId),
    dueTenants: ({ now, limit }: { now: number; limit: number }) => ids(engine.db, 'dueTenants', now, limit),
    dueTenantsAfter: ({ now, tenantId, limit }: { now: number; tenantId: string; limit: number }) =>
      ids(engine.db, 'dueTenantsAfter', now, tenantId, limit),
    tenantsAfter: ({ tenantId, limit }: { tenantId: string; limit: number }) =>
      ids(engine.db, 'tenantsAfter', tenantId, limit),
    subscribedTenants: ({ tenantId, limit }: { tenantId: string; limit: number }) =>
      ids(engine.db, 'subscribedTenants', tenantId, limit),
    ...scanMethods(scanning),
    close: () => {
      engine.db.close();
      scanning.db.close();
    },
  };
}

/** What a thread's entry calls, with the units of work that the writer is to know. */
export function serveSqlite(units: readonly AnyUnit[]): void {
  const { role, folder, failpoints, clock } = workerData as SqliteThread;
  armFailpoints(failpoints);
  const port = parentPort as MessagePort;
  servePort(
    port,
    role === 'writer' ? writerMethods(folder, units, clock ? sharedClock(clock) : systemClock) : readerMethods(folder),
  );
}
