/** Where a delivery goes, and whether the one before it failed. */
export interface Bound {
  readonly host: string;
  readonly isFailing: boolean;
}

interface Lane {
  readonly most: number;
  readonly byHost: Map<string, number>;
  taken: number;
}

/** Deliveries under way: those to receivers that answer, and apart from them those to receivers that did not. */
export interface Slots {
  readonly healthy: Lane;
  readonly failing: Lane;
}

const HEALTHY = 32;
const FAILING = 16;
/** A host that hangs holds so many, until its subscriptions are known to fail. */
const A_HOST = 4;

const lane = (most: number): Lane => ({ most, byHost: new Map(), taken: 0 });

export const createSlots = (): Slots => ({ healthy: lane(HEALTHY), failing: lane(FAILING) });

/** Takes a slot; undefined where none is free. @returns how to give it back */
export function takeSlot(slots: Slots, { host, isFailing }: Bound): (() => void) | undefined {
  const wanted = isFailing ? slots.failing : slots.healthy;
  const there = wanted.byHost.get(host) ?? 0;
  if (wanted.taken >= wanted.most || there >= A_HOST) return undefined;
  wanted.taken += 1;
  wanted.byHost.set(host, there + 1);
  return () => {
    wanted.taken -= 1;
    const left = (wanted.byHost.get(host) ?? 1) - 1;
    if (left === 0) wanted.byHost.delete(host);
    else wanted.byHost.set(host, left);
  };
}
