import { createStepLane, type StepLane } from '../lib/step-lane.ts';
import type { Store } from '../store/store.ts';
import { createOwners, type Owners } from '../store/watch-owners.ts';
import { READ_AT_ONCE } from './judge-actions.ts';
import type { PostTo } from './receiver-fault.ts';
import { createSlots, type Slots } from './slots.ts';

export interface DelivererDeps {
  readonly store: Store;
  /** Opens secrets: 32 bytes, derived from the install key. */
  readonly secretsKey: Buffer;
  readonly post: PostTo;
  /** How long a receiver has to answer, in milliseconds. */
  readonly answerWithinMs: number;
  readonly random: () => number;
  /** A fault of ours or of the store: logged, and tried again. */
  readonly onFault: (error: unknown) => void;
}

/** Everything that the deliverer remembers; the truth is in the store. */
export interface Deliverer {
  readonly deps: DelivererDeps;
  /** Tenants that have subscriptions, as far as this process knows. */
  subscribed: Set<string>;
  /** Other processes on the same store, and this one; by `performance.now()`. */
  readonly owners: Owners;
  /** Processes that were missed for so long that what they have leased is free. */
  readonly gone: Set<string>;
  /** Aborted while others may think that this process is gone; another one behind that. */
  doubt: AbortController;
  /** Tenants that are being looked through, and whether to look again. */
  readonly rounds: Map<string, { again: boolean }>;
  /** By subscription. */
  readonly turns: Map<string, Promise<void>>;
  /** Subscriptions whose turn threw, left alone until then, by `performance.now()`. */
  readonly aside: Map<string, number>;
  readonly slots: Slots;
  /** Reading the actions that there is something to tell of. */
  readonly reading: StepLane;
  readonly stopping: AbortController;
}

export function createDeliverer(deps: DelivererDeps): Deliverer {
  return {
    deps,
    subscribed: new Set(),
    owners: createOwners(),
    gone: new Set(),
    doubt: new AbortController(),
    rounds: new Map(),
    turns: new Map(),
    aside: new Map(),
    slots: createSlots(),
    reading: createStepLane(READ_AT_ONCE),
    stopping: new AbortController(),
  };
}
