import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { ArmedFailpoint } from '../../lib/failpoint.ts';
import type { ClockGuard } from '../../lib/guarded-clock.ts';
import {
  callPort,
  createPortClient,
  endPort,
  type PackedThrown,
  type PortClient,
  unpackThrown,
} from '../../lib/port-calls.ts';
import { createStepLane, inLane, type StepLane } from '../../lib/step-lane.ts';
import { CommitUnknown, type LongRead, type Scan, type Store, StoreEnded } from '../store.ts';
import type { Step } from '../walk.ts';
import type { Query } from '../work.ts';
import { isShortOfRoom } from './disk-room.ts';
import { createGroupQueue, drained, enqueue, type GroupQueue, type UnitCall, type UnitOutcome } from './group.ts';
import type { TenantRow } from './schema.ts';
import type { DatabaseEpoch } from './sqlite-epoch.ts';
import { STORE_FAILED, STORE_FULL } from './sqlite-faults.ts';
import type { ReadCall, SqliteThread } from './sqlite-serve.ts';
import { full, shortOfRoom } from './store-faults.ts';
import { isLong } from './take-step.ts';

/** A group of 256 units commits in about 20 ms: longer groups gain nothing and make the next one wait. */
const LARGEST_GROUP = 256;
const SCAN_SLICE = 2_000;
/** What a thread makes lives for one message: by itself V8 would keep 48 MB for it. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 8 };

export interface SqliteOptions {
  /** Where the files lie; made if absent. */
  readonly folder: string;
  /** The module that calls `serveSqlite` with the units of work. */
  readonly entry: URL;
  /** Room on the disk has become short, or is there again. */
  readonly onRoom?: (isShort: boolean) => void;
  /** A thread died, or the disk failed it: the process must end, and start again on what is committed. */
  readonly onBroken?: (error: Error) => void;
  /** Armed in the threads too. */
  readonly failpoints?: readonly ArmedFailpoint[];
  /** What time it is. Absent: the system's. */
  readonly clock?: Pick<ClockGuard, 'clock' | 'shared'>;
}

export interface OpenSqlite extends Store {
  /** Writes a fact down if it is new, and tells the fact as it stands. */
  settleFact(name: string, value: string): Promise<string>;
  readEpoch(): Promise<DatabaseEpoch>;
  /** The database is the one that is served from now on, and no backup. */
  writeEpoch(epoch: number): Promise<void>;
  /** Raises the epoch where anything was written since it was last set. Returns it; null where nothing was. */
  raiseEpoch(): Promise<number | null>;
}

interface Threads {
  readonly writer: PortClient;
  readonly reader: PortClient;
  readonly groups: GroupQueue;
  waitingReads: { readonly call: ReadCall; resolve(rows: never): void; reject(error: unknown): void }[];
  scans: Promise<unknown>;
  /** Steps that count or look into rows go one at a time: whatever else is read waits for one of them at most. */
  readonly steps: StepLane;
}

async function openThread(options: SqliteOptions, role: SqliteThread['role']): Promise<PortClient> {
  const { folder, entry, onBroken, failpoints = [] } = options;
  const workerData: SqliteThread = { role, folder, failpoints, clock: options.clock?.shared };
  let isOpen = false;
  const worker = new Worker(entry, { workerData, name: `store-${role}`, resourceLimits: RESOURCE_LIMITS });
  const client = createPortClient(worker, (error) => {
    if (isOpen) onBroken?.(error);
  });
  await callPort(client, 'ready');
  isOpen = true;
  return client;
}

type PackedOutcome = { readonly value: unknown } | { readonly thrown: PackedThrown };

function unpack(outcome: PackedOutcome): UnitOutcome {
  if (!('thrown' in outcome)) return outcome;
  const thrown = unpackThrown(outcome.thrown);
  if (thrown.name === 'CommitUnknown') return { thrown: new CommitUnknown(thrown.message, { cause: thrown }) };
  if (thrown.code === STORE_FAILED) return { thrown: new StoreEnded(thrown) };
  return { thrown: thrown.code === STORE_FULL ? full(thrown) : thrown };
}

const hasCode = (thrown: unknown, code: string): boolean => (thrown as { code?: unknown }).code === code;

async function carryGroup(writer: PortClient, calls: readonly UnitCall[]): Promise<readonly UnitOutcome[]> {
  if (writer.gone) throw new StoreEnded(writer.gone);
  try {
    return ((await callPort(writer, 'group', calls)) as readonly PackedOutcome[]).map(unpack);
  } catch (thrown) {
    if (hasCode(thrown, STORE_FAILED)) throw new StoreEnded(thrown);
    // The thread ended with them.
    throw new CommitUnknown('The writer of the store did not answer.', { cause: thrown });
  }
}

/** All reads of one turn of the event loop travel in one message. */
function read(threads: Threads, call: ReadCall): Promise<never> {
  return new Promise((resolve, reject) => {
    if (threads.waitingReads.push({ call, resolve, reject }) === 1) setImmediate(() => void sendReads(threads));
  });
}

async function sendReads(threads: Threads): Promise<void> {
  const batch = threads.waitingReads;
  threads.waitingReads = [];
  try {
    const answers = (await callPort(
      threads.reader,
      'reads',
      batch.map(({ call }) => call),
    )) as readonly never[];
    batch.forEach(({ resolve }, index) => {
      resolve(answers[index] as never);
    });
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}

async function readAll(reader: PortClient, tenantId: string, long: LongRead<unknown>): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for (;;) {
    const { name, args } = long(rows.at(-1), SCAN_SLICE);
    const slice = (await callPort(reader, 'readScan', { tenantId, name, args })) as readonly unknown[];
    for (const row of slice) rows.push(row);
    if (slice.length < SCAN_SLICE) return rows;
  }
}

async function scanOnce(
  reader: PortClient,
  tenantId: string,
  reads: readonly LongRead<unknown>[],
): Promise<Scan<readonly unknown[]>> {
  const sequence = (await callPort(reader, 'openScan', tenantId)) as number;
  try {
    const rows: (readonly unknown[])[] = [];
    for (const long of reads) rows.push(await readAll(reader, tenantId, long));
    return { sequence, rows };
  } finally {
    await callPort(reader, 'closeScan');
  }
}

/** One long read at a time: they share a connection. */
function scan(
  threads: Threads,
  tenantId: string,
  reads: readonly LongRead<unknown>[],
): Promise<Scan<readonly unknown[]>> {
  const next = threads.scans.then(() => scanOnce(threads.reader, tenantId, reads));
  threads.scans = next.catch(() => undefined);
  return next;
}

const LOOK_AT_ROOM_MS = 200;

/** Whether room is short, as of a moment ago. */
interface RoomWatch {
  isShort: boolean;
  /** The writer has found it short, as far as is known: it must look again, whatever this thread sees. */
  keepsRoom: boolean;
  readonly timer: NodeJS.Timeout;
}

function watchRoom({ folder, onRoom }: SqliteOptions, writer: PortClient): RoomWatch {
  const look = (): void => {
    const isShort = isShortOfRoom(folder);
    // Again and again: what is short for want of the reserve is well again once the writer could set it aside.
    if (isShort || watch.keepsRoom) {
      watch.keepsRoom = true;
      const kept = callPort(writer, 'keepRoom').then((wasShort) => {
        watch.keepsRoom = wasShort === true;
      });
      kept.catch(() => undefined);
    }
    if (isShort !== watch.isShort) onRoom?.(isShort);
    watch.isShort = isShort;
  };
  const watch: RoomWatch = { isShort: false, keepsRoom: true, timer: setInterval(look, LOOK_AT_ROOM_MS).unref() };
  look();
  return watch;
}

async function closeThreads(threads: Threads): Promise<void> {
  await drained(threads.groups);
  for (const client of [threads.reader, threads.writer]) {
    await callPort(client, 'close').catch(() => undefined);
    await endPort(client);
  }
}

function storeOver(threads: Threads, room: RoomWatch, clock: Clock): OpenSqlite {
  const { reader, writer } = threads;
  const leaseOwner = randomUUID();
  return {
    clock,
    leaseOwner,
    isShort: () => room.isShort,
    run: async (tenantId, unit, args, options) => {
      if (options?.isNew && room.isShort) throw shortOfRoom();
      // One after the other they see what was written: none needs to be kept apart.
      const hurry = { ...options, apart: undefined };
      return (await enqueue(threads.groups, { tenantId, unit: unit.name, args }, hurry)) as never;
    },
    read: (tenantId, { name, args }: Query<unknown>) => read(threads, { tenantId, name, args }),
    step: (tenantId, call) => {
      const take = (): Promise<Step> => callPort(reader, 'step', { tenantId, call }) as Promise<Step>;
      return isLong(call) ? inLane(threads.steps, tenantId, take) : take();
    },
    scan: (tenantId, reads) => scan(threads, tenantId, reads as readonly LongRead<unknown>[]) as Promise<never>,
    tenant: async (tenantId) => {
      const row = (await callPort(reader, 'tenant', tenantId)) as TenantRow | undefined;
      return { sequence: row?.last_sequence ?? 0, actionCount: row?.action_count ?? 0 };
    },
    dueTenants: (now, limit) => callPort(reader, 'dueTenants', { now, limit }) as Promise<string[]>,
    dueTenantsAfter: (now, tenantId, limit) =>
      callPort(reader, 'dueTenantsAfter', { now, tenantId, limit }) as Promise<string[]>,
    tenantsAfter: (tenantId, limit) => callPort(reader, 'tenantsAfter', { tenantId, limit }) as Promise<string[]>,
    subscribedTenants: (tenantId, limit) =>
      callPort(reader, 'subscribedTenants', { tenantId, limit }) as Promise<string[]>,
    liveLeaseOwners: async () => new Set([leaseOwner]),
    settleFact: (name, value) => callPort(writer, 'settleFact', { name, value }) as Promise<string>,
    readEpoch: () => callPort(writer, 'readEpoch') as Promise<DatabaseEpoch>,
    writeEpoch: (epoch) => callPort(writer, 'writeEpoch', epoch) as Promise<void>,
    raiseEpoch: () => callPort(writer, 'raiseEpoch') as Promise<number | null>,
    ping: async () => {
      await Promise.all([callPort(reader, 'ready'), callPort(writer, 'ready')]);
    },
    close: () => {
      clearInterval(room.timer);
      return closeThreads(threads);
    },
  };
}

/**
 * Opens the embedded store: a thread that writes in groups, one fsync for many, and one that reads.
 *
 * @throws {Error} when another process uses the folder, or SQLite does not run with `synchronous=FULL`
 */
export async function openSqliteStore(options: SqliteOptions): Promise<OpenSqlite> {
  const writer = await openThread(options, 'writer');
  const reader = await openThread(options, 'reader');
  const threads: Threads = {
    writer,
    reader,
    groups: createGroupQueue((calls) => carryGroup(writer, calls), LARGEST_GROUP),
    waitingReads: [],
    scans: Promise.resolve(),
    steps: createStepLane(1),
  };
  return storeOver(threads, watchRoom(options, writer), options.clock?.clock ?? systemClock);
}
