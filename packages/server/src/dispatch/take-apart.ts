import { Refusal } from '../errors.ts';
import { queries } from '../store/queries.ts';
import { LANES } from '../store/rows.ts';
import { CommitUnknown } from '../store/store.ts';
import type { LeasedCall } from './call-result.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Plan, Planned } from './plan-turn.ts';
import type { FreeSlots, Taken } from './take-due.ts';
import { type Part, takeOne } from './take-one.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

/** What threw, and until when it is left alone. */
export interface SetAside {
  readonly pauseMs: number;
  readonly until: number;
}

/** Ids of the tenant's actions and ledger rows that are left alone for now. */
export function leftAlone({ aside }: Dispatcher, tenantId: string, now: number): ReadonlySet<string> {
  const ids = [...(aside.get(tenantId) ?? [])].filter(([, { until }]) => until > now).map(([id]) => id);
  return new Set(ids);
}

/** It may be mended, or its state may change: it is tried again, ever more rarely. */
export function setAside({ aside, deps }: Dispatcher, tenantId: string, id: string, thrown: unknown): void {
  const mine = aside.get(tenantId) ?? new Map<string, SetAside>();
  const pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * (mine.get(id)?.pauseMs ?? FIRST_PAUSE_MS / 2));
  mine.set(id, { pauseMs, until: deps.store.clock.now() + pauseMs });
  aside.set(tenantId, mine);
  const message = `${id} of tenant ${tenantId} is left alone for ${pauseMs / 1_000} s: it cannot be dealt with.`;
  deps.onFault(new Error(message, { cause: thrown }));
}

function isMended({ aside }: Dispatcher, tenantId: string, id: string): void {
  const mine = aside.get(tenantId);
  if (mine?.delete(id) && mine.size === 0) aside.delete(tenantId);
}

interface Parts {
  readonly calls: LeasedCall[];
  ended: number;
}

async function takeParts(dispatcher: Dispatcher, tenantId: string, into: Parts, parts: readonly Part[]): Promise<void> {
  const take = async (part: Part): Promise<void> => {
    try {
      const { call, ended, alarms } = await dispatcher.deps.store.run(tenantId, takeOne, part, { urgent: true });
      if (call) into.calls.push(call);
      if (ended) into.ended += 1;
      dispatcher.deps.onAlarms(tenantId, alarms ?? []);
      isMended(dispatcher, tenantId, part.id);
    } catch (thrown) {
      if (isOfTheStore(thrown)) throw thrown;
      setAside(dispatcher, tenantId, part.id, thrown);
    }
  };
  const outcomes = await Promise.allSettled(parts.map(take));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) dispatcher.deps.onFault(failed.reason);
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
  const skip = leftAlone(dispatcher, tenantId, store.clock.now());
  for (const lane of ['release', 'apply', 'verify'] as const) {
    if (left[lane] <= 0) continue;
    const at = { provider: terms.provider, lane: LANES[lane], now: store.clock.now(), limit: left[lane] + skip.size };
    const due = (await store.read(tenantId, queries.dueCalls(at))).filter(({ id }) => !skip.has(id));
    const parts = due.slice(0, left[lane]).map(({ id }) => ({ kind: 'call', id, leasing, random: random() }) as const);
    await takeParts(dispatcher, tenantId, into, parts);
  }
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
  const into: Parts = { calls: [], ended: 0 };
  const reachable = planned.map(({ turn }) => turn.terms.provider);
  const endings = ends.map((id) => ({ kind: 'end', id, reachable }) as const);
  await takeParts(dispatcher, tenantId, into, endings);
  for (const each of planned) await takeAtProvider(dispatcher, tenantId, into, each);
  return { calls: into.calls, nextDueAt: null, ended: into.ended, alarms: [] };
}
