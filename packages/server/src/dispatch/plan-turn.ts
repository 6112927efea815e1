import { targetFromText } from '@interdict/contract';
import { haltAt, type Pauses } from '../actions/pauses.ts';
import { providersOf } from '../actions/provider.ts';
import { type DueAction, type EndPlace, queries } from '../store/queries.ts';
import { LANES } from '../store/rows.ts';
import { livingProcesses } from '../store/watch-owners.ts';
import type { LeasedCall } from './call-result.ts';
import { chooseStarts, windowOf } from './choose-starts.ts';
import { type DispatchedProvider, type Dispatcher, forgetGate, gateOf, type HeldEnds, slotsOf } from './dispatcher.ts';
import { admit, admittable, enter, type Gate, takeBack } from './gates.ts';
import { freeSlots, giveBack, reserve, SLOT_LANES, slotLaneOf, waitForSlot } from './slots.ts';
import type { Start } from './start-action.ts';
import { type FreeSlots, isHeld, type NotBefore, type ProviderTurn } from './take-due.ts';

export const ENDS_A_TURN = 200;
export const ARRIVALS_A_TURN = 200;

/** What a tenant has due at one provider. `calls`: rows by lane, counted no further than one beyond its slots. */
interface Due {
  readonly provider: DispatchedProvider;
  /** Actions that are due, whether they can start now or not. */
  readonly actions: number;
  /** How many of them join what is in the ledger. */
  readonly joins: number;
  /** More of them than there are slots for, where other processes may begin them first. */
  readonly starts: readonly Start[];
  readonly calls: FreeSlots;
}

/** What of it may go now: in slots that are reserved until {@link settleSlots}. */
export interface Planned {
  readonly provider: DispatchedProvider;
  readonly gate: Gate;
  /** As many calls as may follow from what is due, and as are let through. */
  readonly wanted: FreeSlots;
  readonly turn: ProviderTurn;
  /** There are slots for more of what was read than was considered. */
  readonly isCut: boolean;
}

export interface Plan {
  /** When it was read, by the clock of the store. */
  readonly now: number;
  readonly ends: readonly string[];
  /** Scheduled actions whose moment has come. */
  readonly arrived: readonly string[];
  /** Where the ends behind these begin; absent where no end has to wait. */
  readonly endsBehind: HeldEnds | undefined;
  readonly planned: readonly Planned[];
  /** Something holds calls back. */
  readonly isHalted: boolean;
  /** Somewhere a release is awaited of which nobody was told yet that it is late. */
  readonly awaitsRelease: boolean;
}

/** Whoever joins what is in force waits for no agent, however many others do. */
const PULLED_WINDOW = { limit: 1_000, considered: 0 };
const NONE: FreeSlots = { release: 0, apply: 0, verify: 0 };

/** Slots of the provider, as far as it is let through to them. */
function freeNow(dispatcher: Dispatcher, tenantId: string, provider: DispatchedProvider, now: number): FreeSlots {
  const free = freeSlots(slotsOf(dispatcher, provider), tenantId);
  const may = admittable(gateOf(dispatcher, tenantId, provider, now), now, livingProcesses(dispatcher.owners));
  return {
    release: Math.min(free.release, may.release),
    apply: Math.min(free.apply, may.apply),
    verify: Math.min(free.verify, may.verify),
  };
}

async function readDue(
  dispatcher: Dispatcher,
  tenantId: string,
  provider: DispatchedProvider,
  now: number,
): Promise<Due> {
  const { store, refusalFor } = dispatcher.deps;
  const free = provider.terms.pulled ? NONE : freeNow(dispatcher, tenantId, provider, now);
  const window = windowOf(dispatcher.owners, free.apply, slotsOf(dispatcher, provider).apply.limit);
  const { limit, considered } = provider.terms.pulled ? PULLED_WINDOW : window;
  const at = { provider: provider.terms.provider, now };
  const count = async (lane: keyof FreeSlots): Promise<number> =>
    (await store.read(tenantId, queries.dueCalls({ ...at, lane: LANES[lane], limit: free[lane] + 1 }))).length;
  const [actions, release, apply, verify] = await Promise.all([
    store.read(tenantId, queries.dueActions({ ...at, limit })),
    count('release'),
    count('apply'),
    count('verify'),
  ]);
  const refusalOf = ({ target }: DueAction): string | undefined =>
    target === null ? undefined : refusalFor(tenantId, targetFromText(target))?.message;
  const starts = chooseStarts(refusalOf, actions, considered);
  const joins = actions.filter((each) => each.joins === 1).length;
  return { provider, actions: actions.length, joins, starts, calls: { release, apply, verify } };
}

/** What is due there, as far as nothing holds it back. Where room is short, nothing more is put in force. */
function unlessHeld({ deps }: Dispatcher, due: Due, pauses: Pauses): Due {
  const { holdsApplies } = haltAt(pauses, due.provider.terms.provider);
  if (!holdsApplies && !deps.store.isShort()) return due;
  return { ...due, actions: 0, joins: 0, starts: [], calls: { ...due.calls, apply: 0 } };
}

/** What agents do not take at once is looked at again so soon: their leases that ran out are settled then. */
const PULLED_AGAIN_MS = 5_000;

/** Agents take the calls: here only that is done which needs none. */
function planPulled(
  dispatcher: Dispatcher,
  tenantId: string,
  { provider, actions, starts, joins }: Due,
  now: number,
): Planned {
  const again = now + PULLED_AGAIN_MS;
  const notBefore = { release: again, apply: again, verify: again, ...(joins === 0 && { starts: again }) };
  const turn = { terms: provider.terms, free: NONE, starts, window: actions, notBefore, freshFirst: false };
  return { provider, gate: gateOf(dispatcher, tenantId, provider, now), wanted: NONE, turn, isCut: false };
}

/** An end makes a release, and an action that starts makes a call, or a look where it joins what is in force. */
function planAt(
  dispatcher: Dispatcher,
  tenantId: string,
  due: Due,
  { ends, now }: { readonly ends: number; readonly now: number },
): Planned {
  const { provider, actions, joins, starts, calls } = due;
  if (provider.terms.pulled) return planPulled(dispatcher, tenantId, due, now);
  const asked = {
    release: calls.release + ends,
    apply: calls.apply + actions,
    verify: calls.verify + joins,
  };
  const gate = gateOf(dispatcher, tenantId, provider, now);
  const { calls: wanted, notBefore, freshFirst } = admit(gate, asked, now, livingProcesses(dispatcher.owners));
  const free = reserve(slotsOf(dispatcher, provider), tenantId, wanted);
  enter(gate, free);
  // Behind those that join what is in the ledger others may, which are not read yet.
  const held: NotBefore = joins > 0 ? notBefore : { ...notBefore, starts: notBefore.apply };
  const turn = { terms: provider.terms, free, starts, window: actions, notBefore: held, freshFirst };
  // A slot may have come free while it was read what is due.
  const isCut = starts.length < Math.min(free.apply, actions);
  return { provider, gate, wanted, turn, isCut };
}

/** While ends have to wait, those behind them are looked at all the same: each turn goes on behind the last. */
async function readEnds(
  { deps, heldEnds }: Dispatcher,
  tenantId: string,
  now: number,
  { ended: first, pauses }: { readonly ended: readonly EndPlace[]; readonly pauses: Pauses },
): Promise<{ readonly ended: readonly EndPlace[]; readonly endsBehind: HeldEnds | undefined }> {
  if (deps.store.clock.isInDoubt?.()) return { ended: [], endsBehind: undefined };
  const quarantine = pauses.filter(({ kind }) => kind === 'restored');
  if (quarantine.length === 0) return { ended: first, endsBehind: undefined };
  const at = { now, limit: ENDS_A_TURN };
  const since = quarantine.map(({ provider, since }) => `${since} ${provider}`).join('\n');
  const held = heldEnds.get(tenantId);
  const place = held?.since === since ? held.place : { end_at: 0, id: '' };
  const ended = await deps.store.read(tenantId, queries.endedActionsAfter({ ...at, ...place }));
  return { ended, endsBehind: { since, place: ended.at(-1) ?? place } };
}

/**
 * Reads what is due for a tenant, and reserves slots for it. All of it is asked in one message, whatever a pause makes
 * of it then. A pause that it misses is seen when the intent is committed.
 */
export async function planTurn(dispatcher: Dispatcher, tenantId: string): Promise<Plan> {
  const { store, providers } = dispatcher.deps;
  const now = store.clock.now();
  const [pauses, first, arrived, awaited, ...due] = await Promise.all([
    store.read(tenantId, queries.lastingPauses({})),
    store.read(tenantId, queries.endedActions({ now, limit: ENDS_A_TURN })),
    store.read(tenantId, queries.scheduledUntil({ now, limit: ARRIVALS_A_TURN })),
    store.read(tenantId, queries.oldestRelease({ after: '' })),
    ...providersOf(providers, tenantId).map((provider) => readDue(dispatcher, tenantId, provider, now)),
  ]);
  const { ended, endsBehind } = await readEnds(dispatcher, tenantId, now, { ended: first, pauses });
  const planned = due.map((each) =>
    planAt(dispatcher, tenantId, unlessHeld(dispatcher, each, pauses), { ends: ended.length, now }),
  );
  const idsOf = (rows: readonly { readonly id: string }[]): readonly string[] => rows.map(({ id }) => id);
  const [isHalted, awaitsRelease] = [pauses.length > 0, awaited.length > 0];
  return { now, ends: idsOf(ended), arrived: idsOf(arrived), endsBehind, planned, isHalted, awaitsRelease };
}

const isNone = ({ release, apply, verify }: FreeSlots): boolean => release + apply + verify === 0;

/**
 * All that is due waits for a slot: to look again under the lock would bring nothing, and keep others from it. Where a
 * pause holds applies back, leases of theirs that ran out are settled without a slot.
 */
export const waitsForSlots = ({ ends, arrived, planned, isHalted }: Plan): boolean =>
  !isHalted &&
  ends.length + arrived.length === 0 &&
  planned.some(({ wanted }) => !isNone(wanted)) &&
  planned.every(({ turn: { free, starts, notBefore } }) => isNone(free) && starts.length === 0 && !isHeld(notBefore));

/**
 * Gives back the slots that no call took. Where more is due than there were slots for, the tenant waits for the next,
 * and other processes are told.
 * @param calls those that were leased at this provider
 * @returns whether another turn could bring more than this one did, as it waits for no slot
 */
export function settleSlots(
  dispatcher: Dispatcher,
  tenantId: string,
  { provider, gate, wanted, turn }: Planned,
  calls: readonly LeasedCall[],
  isMoreDue: boolean,
): boolean {
  const slots = slotsOf(dispatcher, provider);
  let mayGoOn = false;
  for (const lane of SLOT_LANES) {
    const taken = calls.filter(({ kind }) => slotLaneOf(kind) === lane).length;
    giveBack(slots, lane, tenantId, turn.free[lane] - taken);
    takeBack(gate, lane, turn.free[lane] - taken);
    const isShort = isMoreDue && wanted[lane] > turn.free[lane] && taken >= turn.free[lane];
    waitForSlot(slots, lane, tenantId, isShort);
    mayGoOn ||= isMoreDue && wanted[lane] > 0 && !isShort;
    if (isShort) dispatcher.deps.store.hints?.tell(tenantId, 'work');
  }
  forgetGate(dispatcher, tenantId, provider, dispatcher.deps.store.clock.now());
  return mayGoOn;
}
