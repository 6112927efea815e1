import { Refusal } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { ProcessHints } from './process-hints.ts';
import type { Step, StepCall } from './walk.ts';
import type { Query, UnitOfWork } from './work.ts';

/** When a unit goes: before others that wait; or, where it is in no hurry, some milliseconds later and with others. */
export interface Hurry {
  readonly urgent?: boolean;
  readonly patient?: boolean;
  /** Where units of a group do not see what the others write: none of this name shares a group with its repeat. */
  readonly apart?: { readonly name: string; readonly isRepeat: boolean } | undefined;
}

/**
 * The one memory of the server. A unit of work that resolved is on the disk: it survives `kill -9` and a power cut.
 *
 * @remarks The tenant is the first argument of everything that touches rows: no row of another can be reached.
 */
export interface Store {
  /**
   * Runs a unit of work in one transaction, durably. Urgent units (cancels, releases) go before others that wait. What
   * is new is refused while room is short, so that what was accepted can be finished.
   * @throws {CommitUnknown} when the database did not say whether the commit took place
   * @throws {Refusal} serviceUnavailable, insufficientStorage: nothing was written
   */
  run<Args, Result>(
    tenantId: string,
    unit: UnitOfWork<Args, Result>,
    args: Args,
    options?: Hurry & { readonly isNew?: boolean },
  ): Promise<Result>;

  /** Little room is left on the disk, as far as the store can know: nothing new is begun. */
  isShort(): boolean;

  /** Rows of committed changes; sees everything that resolved before. */
  read<Row>(tenantId: string, query: Query<Row>): Promise<readonly Row[]>;

  /** A short step through the tenant's actions, which holds nobody up for longer than some milliseconds. */
  step(tenantId: string, call: StepCall): Promise<Step>;

  /** All rows of several long reads as of one moment, in slices that hold nobody else up. */
  scan<Rows extends readonly unknown[]>(
    tenantId: string,
    reads: { readonly [Index in keyof Rows]: LongRead<Rows[Index]> },
  ): Promise<Scan<Rows>>;

  /** The tenant's counters, as of its last commit. */
  tenant(tenantId: string): Promise<TenantCounters>;

  /** Tenants for which something is due, longest due first. The one question that names no tenant; it tells ids only. */
  dueTenants(now: number, limit: number): Promise<readonly string[]>;

  /** Tenants for which something is due, in pages by id. */
  dueTenantsAfter(now: number, tenantId: string, limit: number): Promise<readonly string[]>;

  /** Every tenant that ever had a row, in pages by id. */
  tenantsAfter(tenantId: string, limit: number): Promise<readonly string[]>;

  /** Tenants that have subscriptions, in pages by id. */
  subscribedTenants(tenantId: string, limit: number): Promise<readonly string[]>;

  /** The clock of the store as this process reckons it: not ahead of what units of work are told, and hardly behind. */
  readonly clock: Clock;

  /** Under which name this process holds leases, and under which ones any process still does. */
  readonly leaseOwner: string;
  liveLeaseOwners(): Promise<ReadonlySet<string>>;

  /** What processes tell each other; absent where one process alone can use the store. */
  readonly hints?: ProcessHints;

  /** The database answers. */
  ping(): Promise<void>;

  close(): Promise<void>;
}

/** A long read cut by key: makes the query of the slice behind a row; undefined asks for the first. */
export type LongRead<Row> = (last: Row | undefined, limit: number) => Query<Row>;

export interface Scan<Rows extends readonly unknown[]> {
  /** Journal sequence of the moment that all rows belong to. */
  readonly sequence: number;
  readonly rows: { readonly [Index in keyof Rows]: readonly Rows[Index][] };
}

export interface TenantCounters {
  /** Sequence of the tenant's last journal entry; 0 where there is none. */
  readonly sequence: number;
  readonly actionCount: number;
}

/** The connection broke in COMMIT: whether the unit took place must be read back before anything is answered. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
}

/** The store of this process does nothing more: what was asked of it was not begun. The next process has to be asked. */
export class StoreEnded extends Refusal<'serviceUnavailable'> {
  constructor(cause: unknown) {
    super('serviceUnavailable', 'The store has failed, and the server ends. Nothing was changed; try again.', {
      headers: { 'Retry-After': '2' },
      cause,
    });
  }
}
