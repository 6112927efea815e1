import { Refusal } from '../../errors.ts';
import { createStepLane, type StepLane } from '../../lib/step-lane.ts';
import type { Store } from '../../store/store.ts';
import type { CommitWatch } from '../../store/watch-commits.ts';
import { type ChangeEvent, toEvents } from './change-events.ts';
import { LARGEST_STEP, LOST, readChanges, STREAM_STEP_TEXT } from './read-changes.ts';

/** Events that are told together, once read for all who follow. */
export interface ChangeBatch {
  readonly events: readonly ChangeEvent[];
}

/** Somebody who is told what changes. */
export interface Follower {
  onBatch(batch: ChangeBatch): void;
  /** What lay between is not known any more; what comes lies behind `sequence`. */
  onResync(sequence: number): void;
}

/** The changes of one tenant, read once for all who follow them in this process. */
export interface ChangeHub {
  readonly tenantId: string;
  /** Everything up to here was told to those who are live. */
  position: number;
  readonly live: Set<Follower>;
  /** Live ones, and those who catch up. */
  members: number;
  readonly opened: Promise<void>;
  reading: Promise<void> | undefined;
  readsAgain: boolean;
  soon: NodeJS.Timeout | undefined;
  /** Ends what tells it of changes. */
  close: () => void;
}

export interface ChangeHubsDeps {
  readonly store: Store;
  readonly commits: CommitWatch;
  readonly onFault: (error: unknown) => void;
}

export interface ChangeHubs extends ChangeHubsDeps {
  readonly byTenant: Map<string, ChangeHub>;
  /** Steps of those who catch up: what is read for them is in memory at once. */
  readonly lane: StepLane;
}

const CATCHING_UP = 8;

/** So long changes are gathered: each batch is one write to every follower. */
const GATHER_MS = 100;
/** How often other processes' changes are looked for. */
const POLL_MS = 1_000;

export const createChangeHubs = (deps: ChangeHubsDeps): ChangeHubs => ({
  ...deps,
  byTenant: new Map(),
  lane: createStepLane(CATCHING_UP),
});

async function resyncAll({ store }: ChangeHubs, hub: ChangeHub): Promise<void> {
  hub.position = (await store.tenant(hub.tenantId)).sequence;
  for (const follower of hub.live) follower.onResync(hub.position);
}

/** @returns whether there may be more */
async function readStep(hubs: ChangeHubs, hub: ChangeHub): Promise<boolean> {
  const most = { entries: LARGEST_STEP, actions: LARGEST_STEP, text: STREAM_STEP_TEXT };
  const step = await readChanges(hubs.store, hub.tenantId, hub.position, most);
  if (step === LOST) {
    await resyncAll(hubs, hub);
    return false;
  }
  hub.position = step.until;
  const batch = { events: toEvents(step) };
  if (batch.events.length > 0) for (const follower of hub.live) follower.onBatch(batch);
  return step.isCut;
}

async function readAll(hubs: ChangeHubs, hub: ChangeHub): Promise<void> {
  // Before that nobody knows where to begin.
  await hub.opened;
  while (hub.members > 0) {
    hub.readsAgain = false;
    const isMore = await readStep(hubs, hub);
    if (!isMore && !hub.readsAgain) return;
  }
}

/** Tells everything that was committed before the call. */
export function readOn(hubs: ChangeHubs, hub: ChangeHub): Promise<void> {
  hub.readsAgain = true;
  hub.reading ??= readAll(hubs, hub).finally(() => {
    hub.reading = undefined;
  });
  return hub.reading;
}

/** A store that is out of reach answers later; the position waits. */
function readSafely(hubs: ChangeHubs, hub: ChangeHub): void {
  readOn(hubs, hub).catch((error: unknown) => {
    if (!(error instanceof Refusal)) hubs.onFault(error);
  });
}

function readSoon(hubs: ChangeHubs, hub: ChangeHub): void {
  hub.soon ??= setTimeout(() => {
    hub.soon = undefined;
    readSafely(hubs, hub);
  }, GATHER_MS).unref();
}

function openHub(hubs: ChangeHubs, tenantId: string): ChangeHub {
  const hub: ChangeHub = {
    tenantId,
    position: 0,
    live: new Set(),
    members: 0,
    opened: hubs.store.tenant(tenantId).then(({ sequence }) => {
      hub.position = sequence;
    }),
    reading: undefined,
    readsAgain: false,
    soon: undefined,
    close: () => undefined,
  };
  const unwatch = hubs.commits.watch(tenantId, () => readSoon(hubs, hub));
  const poll = setInterval(() => readSafely(hubs, hub), POLL_MS).unref();
  hub.close = () => {
    unwatch();
    clearInterval(poll);
    clearTimeout(hub.soon);
  };
  return hub;
}

/** Takes part in a tenant's hub, which lasts as long as anybody does. Whoever enters leaves, once. */
export async function enterHub(hubs: ChangeHubs, tenantId: string): Promise<ChangeHub> {
  const hub = hubs.byTenant.get(tenantId) ?? openHub(hubs, tenantId);
  hubs.byTenant.set(tenantId, hub);
  hub.members += 1;
  try {
    await hub.opened;
    return hub;
  } catch (error) {
    leaveHub(hubs, hub);
    throw error;
  }
}

export function leaveHub(hubs: ChangeHubs, hub: ChangeHub, follower?: Follower): void {
  if (follower) hub.live.delete(follower);
  hub.members -= 1;
  if (hub.members > 0) return;
  hub.close();
  hubs.byTenant.delete(hub.tenantId);
}
