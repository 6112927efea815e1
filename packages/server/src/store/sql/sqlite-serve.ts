import { closeSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { type ArmedFailpoint, armFailpoints } from '../../lib/failpoint.ts';
import { sharedClock } from '../../lib/guarded-clock.ts';
import { Moved, type PackedThrown, type PortMethods, packThrown, servePort } from '../../lib/port-calls.ts';
import type { StepCall } from '../walk.ts';
import type { AnyUnit } from '../work.ts';
import { ACROSS_TENANTS, type AcrossTenants } from './across-tenants.ts';
import { carryGroup, carryOne } from './carry-group.ts';
import { keepRoom, makeRoomToStart } from './disk-room.ts';
import { hasThrown, type UnitCall } from './group.ts';
import { ask, createSqliteEngine, readTenant, type SqliteEngine, stepSqlite } from './sqlite-engine.ts';
import { createWriteWatch, readEpoch, writeEpoch } from './sqlite-epoch.ts';
import { isBroken, isFull, NotBegun, STORE_FAILED, STORE_FULL, toOpeningFault } from './sqlite-faults.ts';
import { lockFolder, migrateSqlite, openReader, openWriter, settleFact, takeIndexRoom } from './sqlite-open.ts';

/** How a thread of the embedded store is started. */
export interface SqliteThread {
  readonly role: 'writer' | 'reader';
  readonly folder: string;
  readonly failpoints: readonly ArmedFailpoint[];
  /** Of a guarded clock; absent: the system's. */
  readonly clock: SharedArrayBuffer | undefined;
}

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
  ...(isBroken(thrown) && { code: STORE_FAILED }),
});

/** Once the file has failed, the writer does nothing more, and its thread ends: what it would say may be wrong. */
function untilItFails(folder: string): {
  readonly fail: () => void;
  readonly guard: <Argument, Value>(method: (argument: Argument) => Value) => (argument: Argument) => Value;
} {
  let hasFailed = false;
  const fail = (): void => {
    hasFailed = true;
    endAfterAnswer();
  };
  const guard =
    <Argument, Value>(method: (argument: Argument) => Value) =>
    (argument: Argument): Value => {
      if (hasFailed) throw new NotBegun();
      try {
        return method(argument);
      } catch (thrown) {
        if (isBroken(thrown)) fail();
        throw toOpeningFault(folder, thrown);
      }
    };
  return { fail, guard };
}

interface OpenToWrite {
  readonly db: DatabaseSync;
  readonly lock: DatabaseSync;
  readonly index: number;
}

function openToWrite(folder: string): OpenToWrite {
  const lock = lockFolder(folder);
  makeRoomToStart(folder);
  const db = openWriter(folder);
  migrateSqlite(db);
  const index = takeIndexRoom(folder);
  keepRoom(db, folder);
  return { db, lock, index };
}

function writerMethods(folder: string, units: readonly AnyUnit[], clock: Clock): PortMethods {
  const { fail, guard } = untilItFails(folder);
  const { db, lock, index } = guard(openToWrite)(folder);
  const engine = createSqliteEngine(db, units, clock);
  const isWritten = createWriteWatch(db);
  return {
    ready: () => true,
    readEpoch: guard(() => readEpoch(db)),
    writeEpoch: guard((epoch: number) => {
      carryOne(db, folder, () => writeEpoch(db, epoch, clock.now()));
      isWritten();
    }),
    raiseEpoch: guard(() => {
      if (!isWritten()) return null;
      const next = (readEpoch(db).epoch ?? 0) + 1;
      carryOne(db, folder, () => writeEpoch(db, next, clock.now()));
      isWritten();
      return next;
    }),
    settleFact: guard(({ name, value }: { name: string; value: string }) =>
      carryOne(db, folder, () => settleFact(db, name, value)),
    ),
    group: guard((calls: readonly UnitCall[]) => {
      const outcomes = carryGroup(engine, folder, calls);
      if (outcomes.some((outcome) => hasThrown(outcome) && isBroken(outcome.thrown))) fail();
      return outcomes.map((outcome) => (hasThrown(outcome) ? { thrown: packFault(outcome.thrown) } : outcome));
    }),
    keepRoom: guard(() => keepRoom(db, folder)),
    close: () => {
      db.exec('pragma wal_checkpoint(truncate)');
      db.close();
      closeSync(index);
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
