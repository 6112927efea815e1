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
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Units that wait for the next group. One group is under way at a time: the next is as large as it may grow meanwhile. */
export interface GroupQueue {
  readonly carry: (calls: readonly UnitCall[]) => Promise<readonly UnitOutcome[]>;
  readonly largest: number;
  urgent: Waiting[];
  ordinary: Waiting[];
  armed: boolean;
  underWay: Promise<void> | undefined;
}

export function createGroupQueue(carry: GroupQueue['carry'], largest: number): GroupQueue {
  return { carry, largest, urgent: [], ordinary: [], armed: false, underWay: undefined };
}

/** Resolves when the unit's group is committed. */
export function enqueue(queue: GroupQueue, call: UnitCall, urgent: boolean): Promise<unknown> {
  return new Promise((resolve, reject) => {
    (urgent ? queue.urgent : queue.ordinary).push({ call, resolve, reject });
    arm(queue);
  });
}

/** Resolves when nothing waits and nothing is under way. */
export async function drained(queue: GroupQueue): Promise<void> {
  while (queue.underWay || queue.armed) {
    await (queue.underWay ?? new Promise((resolve) => setImmediate(resolve)));
  }
}

export const isIdle = (queue: GroupQueue): boolean => !queue.armed && queue.underWay === undefined;

/** All requests of one turn of the event loop go together: one fsync for many. */
function arm(queue: GroupQueue): void {
  if (queue.armed || queue.underWay) return;
  queue.armed = true;
  setImmediate(() => {
    queue.armed = false;
    queue.underWay = carryNext(queue).finally(() => {
      queue.underWay = undefined;
      if (queue.urgent.length + queue.ordinary.length > 0) arm(queue);
    });
  });
}

function takeGroup(queue: GroupQueue): readonly Waiting[] {
  const urgent = queue.urgent.splice(0, queue.largest);
  return [...urgent, ...queue.ordinary.splice(0, queue.largest - urgent.length)];
}

async function carryNext(queue: GroupQueue): Promise<void> {
  const group = takeGroup(queue);
  let outcomes: readonly UnitOutcome[];
  try {
    outcomes = await queue.carry(group.map(({ call }) => call));
  } catch (thrown) {
    outcomes = group.map(() => ({ thrown }));
  }
  group.forEach(({ resolve, reject }, index) => {
    const outcome = outcomes[index] ?? { thrown: new Error('The store lost an outcome.') };
    if (hasThrown(outcome)) reject(outcome.thrown);
    else resolve(outcome.value);
  });
}
