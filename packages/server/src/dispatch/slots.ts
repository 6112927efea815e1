import type { CallKind } from '../store/rows.ts';
import type { FreeSlots } from './take-due.ts';

type SlotLane = keyof FreeSlots;
export const SLOT_LANES: readonly SlotLane[] = ['release', 'apply', 'verify'];

interface LaneSlots {
  readonly limit: number;
  used: number;
  /** Tenants that got fewer than they wanted, in the order in which they came. */
  readonly waiting: Set<string>;
}

/** Calls that a provider may have under way, by lane, whichever tenants' they are: nothing elsewhere delays a release. */
export type Slots = Readonly<Record<SlotLane, LaneSlots>>;

export const slotLaneOf = (kind: CallKind): SlotLane => (kind === 'look' ? 'apply' : kind);

const laneOf = (limit: number): LaneSlots => ({ limit, used: 0, waiting: new Set() });

/** Releases get as many slots again as applies; looks at what is in force get a quarter. */
export const createSlots = (concurrency: number): Slots => ({
  release: laneOf(concurrency),
  apply: laneOf(concurrency),
  verify: laneOf(Math.max(1, Math.ceil(concurrency / 4))),
});

/** More intents in one transaction would keep other units waiting. */
const MOST_A_TURN = 250;

/** Tenants that wait before this one. */
function ahead({ waiting }: LaneSlots, tenantId: string): number {
  const place = [...waiting].indexOf(tenantId);
  return place === -1 ? waiting.size : place;
}

const inEachLane = (count: (lane: SlotLane) => number): FreeSlots => ({
  release: count('release'),
  apply: count('apply'),
  verify: count('verify'),
});

/** What a tenant may have now: one slot is left to each tenant that waits before it. */
export const freeSlots = (slots: Slots, tenantId: string): FreeSlots =>
  inEachLane((name) => {
    const lane = slots[name];
    return Math.min(MOST_A_TURN, Math.max(0, lane.limit - lane.used - ahead(lane, tenantId)));
  });

/** Takes as many of the wanted slots as the tenant may have, before anything is awaited: nobody else counts on them. */
export function reserve(slots: Slots, tenantId: string, wanted: FreeSlots): FreeSlots {
  const free = freeSlots(slots, tenantId);
  return inEachLane((name) => {
    const got = Math.min(wanted[name], free[name]);
    slots[name].used += got;
    if (got > 0) slots[name].waiting.delete(tenantId);
    return got;
  });
}

export function giveBack(slots: Slots, lane: SlotLane, count = 1): void {
  slots[lane].used -= count;
}

/** A call is followed by one of another kind: it goes on in that one's lane, without waiting there. */
export function changeLane(slots: Slots, from: CallKind, to: CallKind): void {
  slots[slotLaneOf(from)].used -= 1;
  slots[slotLaneOf(to)].used += 1;
}

/** A tenant that could not have all that it wanted keeps its place, or comes behind those who wait already. */
export function waitForSlot(slots: Slots, lane: SlotLane, tenantId: string, isShort: boolean): void {
  if (isShort) slots[lane].waiting.add(tenantId);
  else slots[lane].waiting.delete(tenantId);
}

/** Tenants for which there is a slot by now, in their order. */
export function servable(slots: Slots): ReadonlySet<string> {
  return new Set(
    SLOT_LANES.flatMap((name) => {
      const { limit, used, waiting } = slots[name];
      return [...waiting].slice(0, Math.max(0, limit - used));
    }),
  );
}
