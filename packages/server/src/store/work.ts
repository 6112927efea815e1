/** A prepared query by name with its arguments; `Row` is what each row that comes back looks like. */
export interface Query<Row> {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Only for the type checker. */
  readonly row?: Row;
  /** The one row that a guarded write is of. */
  readonly writes?: string;
}

/** Makes the constructor of a {@link Query}. The tenant is no argument: the store binds the unit's own. */
export const query =
  <Args extends object, Row>(name: string) =>
  (args: Args): Query<Row> => ({ name, args: args as Readonly<Record<string, unknown>> });

/**
 * A unit of work: yields lists of queries, gets the rows of each back, ends with its result. It runs beside the
 * connection and in one transaction, together with other units: it may be run again from its start, so it touches
 * nothing but its arguments. Arguments and result are plain data.
 */
export type Work<Result> = Generator<readonly Query<unknown>[], Result, readonly (readonly unknown[])[]>;

/** What one change leaves behind for the stream, delta and the audit. */
export interface JournalEntry {
  readonly actionId: string | null;
  readonly event: 'created' | 'updated' | 'deleted' | null;
  /** From the closed list in docs/audit.md. */
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** What a person must look at: an effect may stay in force although nobody wants it, or calls of it kill the server. */
export interface Alarm {
  /** Null for an entry that no action stands behind any more. */
  readonly actionId: string | null;
  readonly provider: string;
  readonly target: string;
  /** Absent: a release did not succeed in time. */
  readonly kind?: 'poisoned';
}

/** What a unit of work is given. */
export interface UnitContext {
  readonly tenantId: string;
  /** Milliseconds, UTC: the clock of the store, so that all processes agree. */
  readonly now: number;
  /** Sequence of the tenant's last journal entry at this moment. */
  readonly sequence: number;
  /** A UUID of the version that sorts by time. */
  newId(): string;
  /** Appends to the tenant's journal, in this transaction. Returns the entry's sequence. */
  journal(entry: JournalEntry): number;
  /** The dispatcher has something to do for this tenant at `at`. */
  due(at: number): void;
  /** There is nothing to do for the tenant before `at`; null: not at all, as things stand. */
  nothingBefore(at: number | null): void;
  /** What people must be told once this is committed. A unit that may raise one hands them over in its result. */
  readonly alarms: Alarm[];
  /** Actions that came or went. */
  count(difference: number): void;
  /** When the repeat of a request without a key last made an action, milliseconds, UTC; null: never. */
  readonly repeatMadeAt: number | null;
  /** Such a repeat makes one. */
  repeatMade(at: number): void;
}

/** A unit of work under the name by which the two sides of a worker speak of it. */
export interface UnitOfWork<Args, Result> {
  readonly name: string;
  readonly work: (context: UnitContext, args: Args) => Work<Result>;
}

export const unit = <Args, Result>(
  name: string,
  work: (context: UnitContext, args: Args) => Work<Result>,
): UnitOfWork<Args, Result> => ({ name, work });

/** Units of any kind in one list: the same on both sides of a worker. */
export type AnyUnit = UnitOfWork<never, unknown>;

/** Runs one query and gives all its rows. */
export function* all<Row>(wanted: Query<Row>): Work<readonly Row[]> {
  const [rows] = yield [wanted];
  return (rows ?? []) as readonly Row[];
}

/** Runs one query and gives its first row. */
export function* first<Row>(wanted: Query<Row>): Work<Row | undefined> {
  const rows = yield* all(wanted);
  return rows[0];
}

/** Runs queries whose rows nobody needs, together. */
export function* run(...queries: readonly Query<unknown>[]): Work<void> {
  yield queries;
}

interface Abreast {
  readonly work: Work<unknown>;
  step: IteratorResult<readonly Query<unknown>[], unknown>;
}

/** Each has read before the other wrote: one of them would find its row changed, at every try. */
function claim(writers: Map<string, Abreast>, each: Abreast, asked: readonly Query<unknown>[]): void {
  for (const { name, writes } of asked) {
    if (writes === undefined) continue;
    const other = writers.get(writes) ?? each;
    if (other !== each) throw new Error(`Two works in step write the row ${writes}: ${name}.`);
    writers.set(writes, each);
  }
}

/**
 * Runs works in step: what each of them asks next goes to the database in one list, which is one round trip for all.
 * None may touch a row that another does.
 *
 * @throws {Error} where two of them make a guarded write of one row
 */
export function* together<Result>(works: readonly Work<Result>[]): Work<readonly Result[]> {
  const running: readonly Abreast[] = works.map((work) => ({ work, step: work.next() }));
  const writers = new Map<string, Abreast>();
  for (;;) {
    const waiting = running.flatMap((each) => (each.step.done ? [] : [{ each, asked: each.step.value }]));
    if (waiting.length === 0) return running.map(({ step }) => step.value as Result);
    for (const { each, asked } of waiting) claim(writers, each, asked);
    const answers = yield waiting.flatMap(({ asked }) => asked);
    let from = 0;
    for (const { each, asked } of waiting) {
      each.step = each.work.next(answers.slice(from, from + asked.length));
      from += asked.length;
    }
  }
}

/** Two units of one group touched one row: the store runs each again, alone. */
export class WriteConflict extends Error {
  override readonly name = 'WriteConflict';
}

/** Runs a guarded write that must touch exactly one row. @throws {WriteConflict} when another unit was first */
export function* must(wanted: Query<{ readonly id: string }>): Work<void> {
  const { id } = wanted.args;
  const row = yield* first(typeof id === 'string' ? { ...wanted, writes: id } : wanted);
  if (row === undefined) throw new WriteConflict(`${wanted.name} touched no row.`);
}
