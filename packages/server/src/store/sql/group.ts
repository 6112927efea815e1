import type { Hurry } from '../store.ts';

/** One unit of work on its way to the database: plain data, as a worker gets it. */
export interface UnitCall {
  readonly tenantId: string;
  readonly unit: string;
  readonly args: unknown;
}

/** What came of it. `thrown` is a fault of ours or of the database: what a caller did wrong is a value. */
export type UnitOutcome = { readonly value: unknown } | { readonly thrown: unknown };

export const hasThrown = (outcome: UnitOutcome): outcome is { readonly thrown: unknown } => 'thrown' in outcome;

interface Waiting {
  readonly call: UnitCall;
  readonly urgent: boolean;
  readonly apart: Hurry['apart'];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Units that wait, by tenant, each tenant's in order. Whoever has its turn next stands first. */
type Rows = Map<string, Waiting[]>;

interface Carried {
  readonly waiting: Waiting;
  readonly outcome: UnitOutcome;
}

/** Units that wait for the next group. One group is under way at a time: the next is as large as it may grow meanwhile. */
export interface GroupQueue {
  readonly carry: (calls: readonly UnitCall[]) => Promise<readonly UnitOutcome[]>;
  readonly largest: number;
  readonly urgent: Rows;
  readonly ordinary: Rows;
  armed: boolean;
  /** One of those that wait is in a hurry. */
  isPressed: boolean;
  /** Runs while units wait that are in no hurry, and nothing else takes them along. */
  patience: NodeJS.Timeout | undefined;
  underWay: Promise<void> | undefined;
  /** Committed, and not told yet. */
  carried: readonly Carried[];
}

export function createGroupQueue(carry: GroupQueue['carry'], largest: number): GroupQueue {
  const rows = { urgent: new Map(), ordinary: new Map() };
  return {
    carry,
    largest,
    ...rows,
    armed: false,
    isPressed: false,
    patience: undefined,
    underWay: undefined,
    carried: [],
  };
}

/** How long a unit in no hurry waits for others to share a commit with. */
const PATIENCE_MS = 4;

/** Resolves when the unit's group is committed. */
export function enqueue(
  queue: GroupQueue,
  call: UnitCall,
  { urgent = false, patient = false, apart }: Hurry = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const rows = urgent ? queue.urgent : queue.ordinary;
    const row = rows.get(call.tenantId);
    const waiting: Waiting = { call, urgent, apart, resolve, reject };
    if (row) row.push(waiting);
    else rows.set(call.tenantId, [waiting]);
    queue.isPressed ||= !patient;
    goOn(queue);
  });
}

/** While the units of one group are told, which asks for time of this thread, the other one carries the next. */
const mayBegin = ({ armed, underWay, urgent, ordinary }: GroupQueue): boolean =>
  !armed && !underWay && urgent.size + ordinary.size > 0;

function goOn(queue: GroupQueue): void {
  if (!mayBegin(queue)) return;
  if (queue.isPressed) arm(queue);
  else queue.patience ??= setTimeout(() => arm(queue), PATIENCE_MS);
}

/** Resolves when nothing waits and nothing is under way. */
export async function drained(queue: GroupQueue): Promise<void> {
  while (!isIdle(queue)) {
    if (queue.patience) arm(queue);
    await (queue.underWay ?? new Promise((resolve) => setImmediate(resolve)));
  }
}

export const isIdle = ({ armed, patience, underWay, carried }: GroupQueue): boolean =>
  !armed && patience === undefined && underWay === undefined && carried.length === 0;

/** All requests of one turn of the event loop go together: one fsync for many. */
function arm(queue: GroupQueue): void {
  clearTimeout(queue.patience);
  queue.patience = undefined;
  if (!mayBegin(queue)) return;
  queue.armed = true;
  setImmediate(() => {
    queue.armed = false;
    queue.underWay = carryNext(queue).finally(() => {
      queue.underWay = undefined;
      goOn(queue);
    });
  });
}

/** By name: whether a repeat is among those that are in the group. */
type Names = Map<string, boolean>;

function mayShare({ apart }: Waiting, names: Names): boolean {
  if (apart === undefined) return true;
  const other = names.get(apart.name);
  if (other !== undefined && (other || apart.isRepeat)) return false;
  names.set(apart.name, apart.isRepeat);
  return true;
}

/** The first of a tenant's units, in order, up to one that must be kept apart from another of the group. */
function takeFrom(row: Waiting[], most: number, names: Names): readonly Waiting[] {
  let count = 0;
  while (count < most && row[count] && mayShare(row[count] as Waiting, names)) count += 1;
  return row.splice(0, count);
}

/** As many of each tenant as of any other, while it has some: a flood of one makes nobody else's units wait for it. */
function takeInTurn(rows: Rows, most: number, group: Waiting[]): void {
  const names: Names = new Map();
  for (let before = -1; before < group.length && rows.size > 0 && group.length < most; ) {
    before = group.length;
    const share = Math.max(1, Math.floor((most - group.length) / rows.size));
    for (const [tenantId, row] of [...rows]) {
      group.push(...takeFrom(row, Math.min(share, most - group.length), names));
      rows.delete(tenantId);
      if (row.length > 0) rows.set(tenantId, row);
      if (group.length >= most) return;
    }
  }
}

function takeGroup(queue: GroupQueue): readonly Waiting[] {
  const { urgent, ordinary, largest } = queue;
  const group: Waiting[] = [];
  takeInTurn(urgent, largest, group);
  takeInTurn(ordinary, largest, group);
  queue.isPressed &&= urgent.size + ordinary.size > 0;
  return group;
}

/** A group that is told all at once keeps the event loop for 100 ms: longer than a cancel may wait, which needs some rounds. */
const TOLD_IN_A_ROUND = 16;

function tellSome(queue: GroupQueue): void {
  const some = queue.carried.slice(0, TOLD_IN_A_ROUND);
  queue.carried = queue.carried.slice(TOLD_IN_A_ROUND);
  for (const { waiting, outcome } of some) {
    if (hasThrown(outcome)) waiting.reject(outcome.thrown);
    else waiting.resolve(outcome.value);
  }
  if (queue.carried.length > 0) setImmediate(() => tellSome(queue));
}

/** What is urgent goes ahead of an earlier group that is still being told. */
function tell(queue: GroupQueue, group: readonly Carried[]): void {
  const earlier = queue.carried;
  const of = (urgent: boolean): readonly Carried[] => group.filter(({ waiting }) => waiting.urgent === urgent);
  queue.carried = [...of(true), ...earlier, ...of(false)];
  if (earlier.length === 0) tellSome(queue);
}

const lost = (): UnitOutcome => ({ thrown: new Error('The store lost an outcome.') });

async function carryNext(queue: GroupQueue): Promise<void> {
  const group = takeGroup(queue);
  let outcomes: readonly UnitOutcome[];
  try {
    outcomes = await queue.carry(group.map(({ call }) => call));
  } catch (thrown) {
    outcomes = group.map(() => ({ thrown }));
  }
  tell(
    queue,
    group.map((waiting, index) => ({ waiting, outcome: outcomes[index] ?? lost() })),
  );
}
