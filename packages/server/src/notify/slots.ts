import type { Lease } from './delivery-units.ts';

/** One subscription that has something to do, and where that goes. */
export interface Bound {
  readonly tenantId: string;
  readonly appId: string;
  readonly id: string;
  /** Without its port: one machine is one host, however many doors it has. */
  readonly host: string;
  /** Whether its last attempt failed, or was answered slowly. */
  readonly isSlow: boolean;
  /** What a process that is gone left on it. */
  readonly left?: Lease;
}

interface Lane {
  readonly most: number;
  readonly mostATenant: number;
  readonly mostAnApp: number;
  readonly byHost: Map<string, number>;
  readonly byApp: Map<string, number>;
  readonly byTenant: Map<string, number>;
  taken: number;
  /** By tenant, then by subscription: the tenant that was served last stands last. */
  readonly waiting: Map<string, Map<string, Bound>>;
}

/** What a delivery under way holds. */
export interface Slot {
  /** Its receiver takes its time: it goes on among the slow, beyond their number too, and others have its place. */
  slowDown(): void;
  giveBack(): void;
}

/** Begins what has got a slot; false where there is nothing to begin after all. */
export type Begin = (bound: Bound, slot: Slot) => boolean;

/**
 * Deliveries under way: those to receivers that answer soon, and apart from them those to receivers that were slow or
 * failed. Within each, tenants take turns, and applications within a tenant.
 */
export interface Slots {
  readonly quick: Lane;
  readonly slow: Lane;
}

const QUICK = { most: 32, mostATenant: 8, mostAnApp: 6 };
const SLOW = { most: 16, mostATenant: 4, mostAnApp: 3 };
const A_HOST = 4;

const lane = (size: typeof QUICK): Lane => ({
  ...size,
  byHost: new Map(),
  byApp: new Map(),
  byTenant: new Map(),
  taken: 0,
  waiting: new Map(),
});

export const createSlots = (): Slots => ({ quick: lane(QUICK), slow: lane(SLOW) });

function add(counts: Map<string, number>, key: string, difference: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + difference;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

const appOf = ({ tenantId, appId }: Bound): string => `${tenantId} ${appId}`;

function count(lane: Lane, bound: Bound, difference: 1 | -1): void {
  lane.taken += difference;
  add(lane.byTenant, bound.tenantId, difference);
  add(lane.byApp, appOf(bound), difference);
}

/** Of those of a tenant, the first one of the application that has the fewest slots. */
function nextOf({ byApp, byHost, mostAnApp }: Lane, queue: ReadonlyMap<string, Bound>): Bound | undefined {
  let [found, fewest]: [Bound | undefined, number] = [undefined, mostAnApp];
  for (const bound of queue.values()) {
    const has = byApp.get(appOf(bound)) ?? 0;
    if (has >= fewest || (byHost.get(bound.host) ?? 0) >= A_HOST) continue;
    [found, fewest] = [bound, has];
    if (has === 0) break;
  }
  return found;
}

/** The next that may begin, taken out of the queue: of the tenant that has waited longest, if it has a right to one. */
function takeNext(lane: Lane): Bound | undefined {
  const { waiting, byTenant } = lane;
  if (lane.taken >= lane.most) return undefined;
  for (const [tenantId, queue] of waiting) {
    if ((byTenant.get(tenantId) ?? 0) >= lane.mostATenant) continue;
    const next = nextOf(lane, queue);
    if (!next) continue;
    queue.delete(next.id);
    waiting.delete(tenantId);
    if (queue.size > 0) waiting.set(tenantId, queue);
    return next;
  }
  return undefined;
}

function serve(slots: Slots, from: Lane, begin: Begin): void {
  for (let next = takeNext(from); next; next = takeNext(from)) {
    const bound = next;
    let holds = from;
    count(holds, bound, 1);
    // To its host it is one, however slow, until it ends.
    add(from.byHost, bound.host, 1);
    const leave = (): void => {
      count(holds, bound, -1);
      add(from.byHost, bound.host, -1);
    };
    const slot: Slot = {
      slowDown: () => {
        count(holds, bound, -1);
        holds = slots.slow;
        count(holds, bound, 1);
        serve(slots, from, begin);
      },
      giveBack: () => {
        leave();
        serve(slots, slots.quick, begin);
        serve(slots, slots.slow, begin);
      },
    };
    if (!begin(bound, slot)) leave();
  }
}

/** Forgets one that waits. */
function forget({ waiting }: Lane, { tenantId, id }: Bound): void {
  const queue = waiting.get(tenantId);
  if (queue?.delete(id) && queue.size === 0) waiting.delete(tenantId);
}

/** Lets them begin as soon as there are slots for them; a slot that is given back goes to whoever has waited longest. */
export function waitForSlots(slots: Slots, bounds: readonly Bound[], begin: Begin): void {
  for (const bound of bounds) {
    const [own, other] = bound.isSlow ? [slots.slow, slots.quick] : [slots.quick, slots.slow];
    forget(other, bound);
    const queue = own.waiting.get(bound.tenantId) ?? new Map<string, Bound>();
    queue.set(bound.id, bound);
    own.waiting.set(bound.tenantId, queue);
  }
  serve(slots, slots.quick, begin);
  serve(slots, slots.slow, begin);
}
