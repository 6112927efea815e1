import { Refusal } from '../errors.ts';
import { queries } from '../store/queries.ts';
import { LANES } from '../store/rows.ts';
import { CommitUnknown } from '../store/store.ts';
import type { LeasedCall } from './call-result.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Plan, Planned } from './plan-turn.ts';
import { forget, leftAlone, setAside } from './set-aside.ts';
import type { FreeSlots, Taken } from './take-due.ts';
import { type Part, takeOne } from './take-one.ts';
import { noteDoubt } from './unheld-leases.ts';

interface Parts {
  readonly calls: LeasedCall[];
  ended: number;
  /** Some part failed, and was told. */
  isTold: boolean;
}

async function takeParts(dispatcher: Dispatcher, tenantId: string, into: Parts, parts: readonly Part[]): Promise<void> {
  const take = async (part: Part): Promise<void> => {
    try {
      const { call, ended, alarms } = await dispatcher.deps.store.run(tenantId, takeOne, part, { urgent: true });
      if (call) into.calls.push(call);
      if (ended) into.ended += 1;
      dispatcher.deps.onAlarms(tenantId, alarms ?? []);
      forget(dispatcher.aside, tenantId, part.id);
    } catch (thrown) {
      noteDoubt(dispatcher, tenantId, thrown);
      if (isOfTheStore(thrown)) throw thrown;
      const { store, onFault } = dispatcher.deps;
      into.isTold = true;
      onFault(setAside(dispatcher.aside, tenantId, { id: part.id, thrown, now: store.clock.now() }));
    }
  };
  const outcomes = await Promise.allSettled(parts.map(take));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failed) return;
  into.isTold = true;
  dispatcher.deps.onFault(failed.reason);
}

const isOfTheStore = (thrown: unknown): boolean => thrown instanceof Refusal || thrown instanceof CommitUnknown;

/** As in a whole turn: what somebody wants again is not released; then releases, applies and looks in their slots. */
async function takeAtProvider(
  dispatcher: Dispatcher,
  tenantId: string,
  into: Parts,
  { turn: { terms, free, starts } }: Planned,
): Promise<void> {
  const { store, random } = dispatcher.deps;
  const leasing = { owner: store.leaseOwner, terms };
  const before = into.calls.length;
  await takeParts(
    dispatcher,
    tenantId,
    into,
    starts.map((start, index) => ({ kind: 'start', id: start.id, start, leasing, mayCall: index < free.apply })),
  );
  const begun = into.calls.length - before;
  const left: FreeSlots = { ...free, apply: free.apply - begun };
  const skip = leftAlone(dispatcher.aside, tenantId, store.clock.now());
  for (const lane of ['release', 'apply', 'verify'] as const) {
    if (left[lane] <= 0) continue;
    const at = { provider: terms.provider, lane: LANES[lane], now: store.clock.now(), limit: left[lane] + skip.size };
    const due = (await store.read(tenantId, queries.dueCalls(at))).filter(({ id }) => !skip.has(id));
    const parts = due.slice(0, left[lane]).map(({ id }) => ({ kind: 'call', id, leasing, random: random() }) as const);
    await takeParts(dispatcher, tenantId, into, parts);
  }
}

const TORN_TOLD_EVERY_MS = 60_000;

/** Each of its parts went well alone: else nobody would hear of what is wrong with the whole, and it may last. */
function tellTorn(dispatcher: Dispatcher, tenantId: string, thrown: unknown): void {
  const { timers, onFault } = dispatcher.deps;
  const now = timers.monotonicMs();
  if (dispatcher.tornAt !== undefined && now - dispatcher.tornAt < TORN_TOLD_EVERY_MS) return;
  dispatcher.tornAt = now;
  onFault(new Error(`A turn of tenant ${tenantId} failed, and was taken part by part.`, { cause: thrown }));
}

/**
 * A turn that failed as a whole is taken one by one: one bad action or row is set aside, alone, and its neighbours go on.
 * @throws what was thrown, where the store is to blame
 */
export async function takeApart(
  dispatcher: Dispatcher,
  tenantId: string,
  { ends, planned }: Pick<Plan, 'ends' | 'planned'>,
  thrown: unknown,
): Promise<Taken> {
  if (isOfTheStore(thrown)) throw thrown;
  const into: Parts = { calls: [], ended: 0, isTold: false };
  const reachable = planned.map(({ turn }) => turn.terms.provider);
  const endings = ends.map((id) => ({ kind: 'end', id, reachable }) as const);
  await takeParts(dispatcher, tenantId, into, endings);
  for (const each of planned) await takeAtProvider(dispatcher, tenantId, into, each);
  if (!into.isTold) tellTorn(dispatcher, tenantId, thrown);
  return { calls: into.calls, nextDueAt: null, ended: into.ended, alarms: [], isOvertaken: false };
}
