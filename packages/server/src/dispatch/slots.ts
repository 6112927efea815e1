import type { CallKind } from '../store/rows.ts';
import type { FreeSlots } from './take-due.ts';

type SlotLane = keyof FreeSlots;
export const SLOT_LANES: readonly SlotLane[] = ['release', 'apply', 'verify'];

interface LaneSlots {
  readonly limit: number;
  used: number;
  /** Of these, how many each tenant has. */
  readonly usedBy: Map<string, number>;
  /** Tenants that got fewer than they wanted, in the order in which they came. */
  readonly waiting: Set<string>;
  /** The first two tenants that came: from then on the slots are shared. */
  readonly tenants: Set<string>;
}

/** Calls that a provider may have under way, by lane, whichever tenants' they are: nothing elsewhere delays a release. */
export type Slots = Readonly<Record<SlotLane, LaneSlots>>;

export const slotLaneOf = (kind: CallKind): SlotLane => (kind === 'look' ? 'apply' : kind);

const laneOf = (limit: number): LaneSlots => ({
  ...{ limit, used: 0, usedBy: new Map(), waiting: new Set(), tenants: new Set() },
});

/** Releases get as many slots again as applies; looks at what is in force get a quarter. */
export const createSlots = (concurrency: number): Slots => ({
  release: laneOf(concurrency),
  apply: laneOf(concurrency),
  verify: laneOf(Math.max(1, Math.ceil(concurrency / 4))),
});

/** More intents in one transaction would keep other units waiting. */
const MOST_A_TURN = 250;

const inEachLane = (many: (lane: SlotLane) => number): FreeSlots => ({
  release: many('release'),
  apply: many('apply'),
  verify: many('verify'),
});

/**
 * Where several tenants share a provider, nobody has more than three times as many slots as he leaves free: one whose
 * target answers slowly, or never, does not keep the others from theirs.
 */
const SHARE = 3;

function mostOf({ limit, used, usedBy, tenants }: LaneSlots, tenantId: string): number {
  const isShared = tenants.size > 1 || (tenants.size === 1 && !tenants.has(tenantId));
  if (!isShared) return Number.POSITIVE_INFINITY;
  const own = usedBy.get(tenantId) ?? 0;
  return Math.max(0, Math.floor((SHARE * (limit - used) - own + SHARE) / (SHARE + 1)));
}

/** Tenants that wait before this one, and may have a slot. */
function ahead(lane: LaneSlots, tenantId: string): number {
  const waiting = [...lane.waiting];
  const place = waiting.indexOf(tenantId);
  return waiting.slice(0, place === -1 ? undefined : place).filter((each) => mostOf(lane, each) > 0).length;
}

/** What a tenant may have now: one slot is left to each tenant that waits before it. */
export const freeSlots = (slots: Slots, tenantId: string): FreeSlots =>
  inEachLane((name) => {
    const lane = slots[name];
    const free = Math.max(0, lane.limit - lane.used - ahead(lane, tenantId));
    return Math.min(MOST_A_TURN, free, mostOf(lane, tenantId));
  });

function count(lane: LaneSlots, tenantId: string, more: number): void {
  lane.used += more;
  const own = (lane.usedBy.get(tenantId) ?? 0) + more;
  if (own === 0) lane.usedBy.delete(tenantId);
  else lane.usedBy.set(tenantId, own);
}

/** Takes as many of the wanted slots as the tenant may have, before anything is awaited: nobody else counts on them. */
export function reserve(slots: Slots, tenantId: string, wanted: FreeSlots): FreeSlots {
  const free = freeSlots(slots, tenantId);
  return inEachLane((name) => {
    const got = Math.min(wanted[name], free[name]);
    count(slots[name], tenantId, got);
    if (wanted[name] > 0 && slots[name].tenants.size < 2) slots[name].tenants.add(tenantId);
    if (got > 0) slots[name].waiting.delete(tenantId);
    return got;
  });
}

export function giveBack(slots: Slots, lane: SlotLane, tenantId: string, many = 1): void {
  count(slots[lane], tenantId, -many);
}

/** A call is followed by one of another kind: it goes on in that one's lane, without waiting there. */
export function changeLane(slots: Slots, tenantId: string, from: CallKind, to: CallKind): void {
  count(slots[slotLaneOf(from)], tenantId, -1);
  count(slots[slotLaneOf(to)], tenantId, 1);
}

/** A tenant that could not have all that it wanted keeps its place, or comes behind those who wait already. */
export function waitForSlot(slots: Slots, lane: SlotLane, tenantId: string, isShort: boolean): void {
  if (isShort) slots[lane].waiting.add(tenantId);
  else slots[lane].waiting.delete(tenantId);
}

/** Somebody waits for a slot, or soon will: what is over may be written down together with what begins next. */
export const isBusy = (slots: Slots): boolean =>
  SLOT_LANES.some((name) => slots[name].waiting.size > 0 || slots[name].used * 2 >= slots[name].limit);

/** Whether it is worth a turn of whoever waits: half of a lane is free, or a release waits. */
export function isWorthATurn(slots: Slots): boolean {
  return SLOT_LANES.some((name) => {
    const { limit, used, waiting } = slots[name];
    return waiting.size > 0 && used < limit && (name === 'release' || (limit - used) * 2 >= limit);
  });
}

/** Tenants for which there is a slot by now, in their order. */
export function servable(slots: Slots): ReadonlySet<string> {
  return new Set(
    SLOT_LANES.flatMap((name) => {
      const lane = slots[name];
      // Whoever has his share is not woken: nothing would come of it, again and again.
      const able = [...lane.waiting].filter((tenantId) => mostOf(lane, tenantId) > 0);
      return able.slice(0, Math.max(0, lane.limit - lane.used));
    }),
  );
}
