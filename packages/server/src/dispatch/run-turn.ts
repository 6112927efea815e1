import { failpoint } from '../lib/failpoint.ts';
import { wait } from '../lib/timers.ts';
import { carryCall, type HeldCall } from './carry-call.ts';
import { type DispatchedProvider, type Dispatcher, forgetGate, slotsOf } from './dispatcher.ts';
import { leave } from './gates.ts';
import { tellLateReleases } from './late-releases.ts';
import { ENDS_A_TURN, type Plan, type Planned, planTurn, settleSlots, waitsForSlots } from './plan-turn.ts';
import { leftAlone } from './set-aside.ts';
import { isWorthATurn, servable } from './slots.ts';
import { takeApart } from './take-apart.ts';
import { type Taken, type Turn, takeDue } from './take-due.ts';
import { noteDoubt, settleDoubt } from './unheld-leases.ts';

/** Each tenant that waits for a slot of the provider comes to its turn when there is one. */
function wakeWaiting(dispatcher: Dispatcher, provider: DispatchedProvider): void {
  for (const tenantId of servable(slotsOf(dispatcher, provider))) wake(dispatcher, tenantId);
}

/** A turn for each slot that is free would cost more than its call: few milliseconds later there are more of them. */
const GATHER_MS = 4;

function onFreeSlot(dispatcher: Dispatcher, provider: DispatchedProvider): void {
  const { gathering, deps } = dispatcher;
  const slots = slotsOf(dispatcher, provider);
  if (isWorthATurn(slots)) {
    wakeWaiting(dispatcher, provider);
    return;
  }
  if (servable(slots).size === 0 || gathering.has(provider.key)) return;
  gathering.add(provider.key);
  deps.timers.after(GATHER_MS, () => {
    gathering.delete(provider.key);
    wakeWaiting(dispatcher, provider);
  });
}

function launch(dispatcher: Dispatcher, tenantId: string, { provider, gate }: Planned, leased: HeldCall): void {
  const way = { tenantId, provider, gate };
  const onSlot = (): void => onFreeSlot(dispatcher, provider);
  const done = carryCall(dispatcher, way, leased, onSlot).then(({ kind, dueAt, made }) => {
    dispatcher.underWay.delete(underWay);
    const isNextSuspect = dispatcher.suspect === leased.enforcementId;
    if (isNextSuspect) dispatcher.suspect = undefined;
    if (dispatcher.unsettled.delete(leased.enforcementId)) dispatcher.doubtful.add(tenantId);
    if (leave(gate, leased.kind, kind, made) || isNextSuspect) wake(dispatcher, tenantId);
    forgetGate(dispatcher, tenantId, provider, dispatcher.deps.store.clock.now());
    if (dueAt !== null) wakeAt(dispatcher, tenantId, dueAt);
  });
  const underWay = { tenantId, enforcementId: leased.enforcementId, done };
  dispatcher.underWay.add(underWay);
}

/** What threw lately is left alone. */
function withoutBad(dispatcher: Dispatcher, tenantId: string, plan: Plan): Plan {
  const bad = leftAlone(dispatcher.aside, tenantId, plan.now);
  if (bad.size === 0) return plan;
  const planned = plan.planned.map((each) => {
    const starts = each.turn.starts.filter(({ id }) => !bad.has(id));
    return { ...each, turn: { ...each.turn, starts } };
  });
  const good = (ids: readonly string[]): readonly string[] => ids.filter((id) => !bad.has(id));
  return { ...plan, ends: good(plan.ends), arrived: good(plan.arrived), planned };
}

const NOTHING: Taken = { calls: [], nextDueAt: null, ended: 0, alarms: [], isOvertaken: false };

interface TurnTaken extends Taken {
  /** More is due than was taken, and no slot is waited for. */
  readonly mayGoOn: boolean;
}

/** At once, or where that fails part by part; nothing where all that is due waits for a slot. */
async function takeAll(dispatcher: Dispatcher, tenantId: string, plan: Plan, turn: Turn): Promise<Taken> {
  if (waitsForSlots(plan)) return { ...NOTHING, nextDueAt: plan.now };
  // A release does not queue behind a flood of requests.
  const urgent = plan.planned.some(({ wanted }) => wanted.release > 0);
  return await dispatcher.deps.store.run(tenantId, takeDue, turn, { urgent }).catch((thrown: unknown) => {
    noteDoubt(dispatcher, tenantId, thrown);
    return takeApart(dispatcher, tenantId, plan, thrown);
  });
}

async function take(dispatcher: Dispatcher, tenantId: string, plan: Plan): Promise<TurnTaken> {
  const { store, random, timers, onAlarms } = dispatcher.deps;
  const good = withoutBad(dispatcher, tenantId, plan);
  const { now, ends, arrived, planned } = good;
  const providers = planned.map((each) => each.turn);
  const skip = [...leftAlone(dispatcher.aside, tenantId, now)];
  const maySuspect = dispatcher.suspect === undefined;
  if (maySuspect) dispatcher.suspect = tenantId;
  const endsWait = store.clock.isInDoubt?.() ?? false;
  const base = { owner: store.leaseOwner, random: random(), maySuspect, endsWait };
  const turn = { ...base, providers, ends, arrived, skip };
  const askedAt = timers.monotonicMs();
  let taken = NOTHING;
  let mayGoOn = false;
  try {
    failpoint('dispatch.beforeIntent');
    if (ends.length > 0) failpoint('expiry.beforeStore');
    taken = await takeAll(dispatcher, tenantId, good, turn);
    if (taken.ended > 0) {
      failpoint('expiry.afterStore');
      store.hints?.tell(tenantId, 'ended');
    }
    if (taken.calls.length > 0) failpoint('dispatch.afterIntent');
    onAlarms(tenantId, taken.alarms);
  } finally {
    if (maySuspect) dispatcher.suspect = taken.calls.find(({ isSuspect }) => isSuspect)?.enforcementId;
    const isMoreDue = taken.nextDueAt !== null && taken.nextDueAt <= now;
    for (const each of planned) {
      const calls = taken.calls.filter(({ provider }) => provider === each.provider.terms.provider);
      mayGoOn = settleSlots(dispatcher, tenantId, each, calls, isMoreDue) || mayGoOn;
      for (const call of calls) launch(dispatcher, tenantId, each, { ...call, askedAt });
      onFreeSlot(dispatcher, each.provider);
    }
  }
  return { ...taken, mayGoOn };
}

/** Slots are free for what is due and was not considered: nobody else wakes the tenant for it. */
const hasMissed = ({ planned }: Plan, { isOvertaken }: Taken): boolean =>
  isOvertaken || planned.some(({ isCut }) => isCut);

/** @returns whether another turn must follow at once */
async function runTurn(dispatcher: Dispatcher, tenantId: string): Promise<boolean> {
  await settleDoubt(dispatcher, tenantId);
  const plan = await planTurn(dispatcher, tenantId);
  const taken = await take(dispatcher, tenantId, plan);
  const { calls, nextDueAt, ended, mayGoOn } = taken;
  if (plan.endsBehind) dispatcher.heldEnds.set(tenantId, plan.endsBehind);
  else dispatcher.heldEnds.delete(tenantId);
  if (plan.awaitsRelease) await tellLateReleases(dispatcher, tenantId, plan.now);
  if (nextDueAt !== null && nextDueAt > plan.now) wakeAt(dispatcher, tenantId, nextDueAt);
  else if (nextDueAt !== null && hasMissed(plan, taken)) wakeForNew(dispatcher, tenantId);
  return (
    (calls.length > 0 && mayGoOn) || ((ended > 0 || plan.endsBehind !== undefined) && plan.ends.length === ENDS_A_TURN)
  );
}

/** So short that a cancel, an end or a free slot can wait behind it, where new actions pour in. */
const AFTER_EMPTY_TURN_MS = 5;

async function runTurns(dispatcher: Dispatcher, tenantId: string): Promise<void> {
  // Whoever is woken for this turn is already in the map when it begins.
  await Promise.resolve();
  const turning = dispatcher.turns.get(tenantId);
  try {
    while (turning && !dispatcher.stopped) {
      turning.again = false;
      turning.isPressing = false;
      const isMore = await runTurn(dispatcher, tenantId);
      if (isMore) continue;
      if (!turning.again) break;
      // Nothing could begin, and only new actions have come since: looked at together, they cost less.
      if (!turning.isPressing) await wait(dispatcher.deps.timers, AFTER_EMPTY_TURN_MS);
    }
  } catch (error) {
    // The poll comes back to it: what is due stays due in the store.
    dispatcher.deps.onFault(error);
  } finally {
    dispatcher.turns.delete(tenantId);
  }
}

function ring(dispatcher: Dispatcher, tenantId: string, isPressing: boolean): void {
  if (dispatcher.stopped) return;
  const turning = dispatcher.turns.get(tenantId);
  if (!turning) {
    const done = runTurns(dispatcher, tenantId);
    dispatcher.turns.set(tenantId, { again: false, isPressing: false, done });
    return;
  }
  turning.again = true;
  turning.isPressing ||= isPressing;
}

/** There may be something to do for a tenant. A hint: what it misses, the poll finds. */
export const wake = (dispatcher: Dispatcher, tenantId: string): void => ring(dispatcher, tenantId, true);

/** The same for a new action: where others come too and nothing can begin, it waits for them a few milliseconds. */
export const wakeForNew = (dispatcher: Dispatcher, tenantId: string): void => ring(dispatcher, tenantId, false);

/** Resolves when everything of the tenant that is due now has begun. */
export async function begun(dispatcher: Dispatcher, tenantId: string): Promise<void> {
  wake(dispatcher, tenantId);
  await dispatcher.turns.get(tenantId)?.done;
}

/** Resolves when everything of the tenant that is due now has begun, and the calls under way have ended. */
export async function settled(dispatcher: Dispatcher, tenantId: string): Promise<void> {
  await begun(dispatcher, tenantId);
  const mine = [...dispatcher.underWay].filter((call) => call.tenantId === tenantId);
  await Promise.all(mine.map(({ done }) => done));
}

const LONGEST_TIMER_MS = 60_000;

/** Wakes the tenant at a time, unless it will be woken earlier anyway. */
export function wakeAt(dispatcher: Dispatcher, tenantId: string, at: number): void {
  const planned = dispatcher.timers.get(tenantId);
  if (dispatcher.stopped || (planned && planned.at <= at)) return;
  planned?.clear();
  const { store, timers } = dispatcher.deps;
  const inMs = Math.min(LONGEST_TIMER_MS, Math.max(0, at - store.clock.now()));
  const clear = timers.after(inMs, () => {
    dispatcher.timers.delete(tenantId);
    wake(dispatcher, tenantId);
  });
  dispatcher.timers.set(tenantId, { at, clear });
}

/** An effect is to be taken back: whatever else of it is still under way is broken off, so that the release goes at once. */
export function breakOff(dispatcher: Dispatcher, enforcementId: string): void {
  const call = dispatcher.calls.get(enforcementId);
  if (call && call.kind !== 'release') call.abort.abort(new Error('Nobody wants it any more.'));
}
