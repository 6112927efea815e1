/** One subscription that has something to do, and where that goes. */
export interface Bound {
  readonly tenantId: string;
  readonly id: string;
  /** Without its port: one machine is one host, however many doors it has. */
  readonly host: string;
  /** Whether its last attempt failed, or was answered slowly. */
  readonly isSlow: boolean;
}

interface Lane {
  readonly most: number;
  readonly mostATenant: number;
  readonly byHost: Map<string, number>;
  readonly byTenant: Map<string, number>;
  taken: number;
  /** By tenant, then by subscription: the tenant that was served last stands last. */
  readonly waiting: Map<string, Map<string, Bound>>;
}

/** Begins what has got a slot; false where there is nothing to begin after all. */
export type Begin = (bound: Bound, giveBack: () => void) => boolean;

/**
 * Deliveries under way: those to receivers that answer soon, and apart from them those to receivers that were slow or
 * failed. Within each, tenants take turns.
 */
export interface Slots {
  readonly quick: Lane;
  readonly slow: Lane;
}

const QUICK = { most: 32, mostATenant: 8 };
const SLOW = { most: 16, mostATenant: 4 };
const A_HOST = 4;

const lane = (size: typeof QUICK): Lane => ({
  ...size,
  byHost: new Map(),
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

function count({ byHost, byTenant }: Lane, { host, tenantId }: Bound, difference: 1 | -1): void {
  add(byHost, host, difference);
  add(byTenant, tenantId, difference);
}

/** The next that may begin, taken out of the queue: of the tenant that has waited longest, if it has a right to one. */
function takeNext({ waiting, byHost, byTenant, ...lane }: Lane): Bound | undefined {
  if (lane.taken >= lane.most) return undefined;
  for (const [tenantId, queue] of waiting) {
    if ((byTenant.get(tenantId) ?? 0) >= lane.mostATenant) continue;
    const next = [...queue.values()].find(({ host }) => (byHost.get(host) ?? 0) < A_HOST);
    if (!next) continue;
    queue.delete(next.id);
    waiting.delete(tenantId);
    if (queue.size > 0) waiting.set(tenantId, queue);
    return next;
  }
  return undefined;
}

function serve(from: Lane, begin: Begin): void {
  for (let next = takeNext(from); next; next = takeNext(from)) {
    const bound = next;
    from.taken += 1;
    count(from, bound, 1);
    const giveBack = (): void => {
      from.taken -= 1;
      count(from, bound, -1);
    };
    const giveOn = (): void => {
      giveBack();
      serve(from, begin);
    };
    if (!begin(bound, giveOn)) giveBack();
  }
}

/** Forgets one that waits. */
function leave({ waiting }: Lane, { tenantId, id }: Bound): void {
  const queue = waiting.get(tenantId);
  if (queue?.delete(id) && queue.size === 0) waiting.delete(tenantId);
}

/** Lets them begin as soon as there are slots for them; a slot that is given back goes to whoever has waited longest. */
export function waitForSlots(slots: Slots, bounds: readonly Bound[], begin: Begin): void {
  for (const bound of bounds) {
    const [own, other] = bound.isSlow ? [slots.slow, slots.quick] : [slots.quick, slots.slow];
    leave(other, bound);
    const queue = own.waiting.get(bound.tenantId) ?? new Map<string, Bound>();
    queue.set(bound.id, bound);
    own.waiting.set(bound.tenantId, queue);
  }
  serve(slots.quick, begin);
  serve(slots.slow, begin);
}
