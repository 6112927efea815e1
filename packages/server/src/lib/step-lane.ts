/** Lets so many tasks run at once. Those that wait have their turns by whom they are for, in the order in which they came. */
export interface StepLane {
  free: number;
  /** Whoever has its turn next stands first. */
  readonly waiting: Map<string, (() => void)[]>;
}

export const createStepLane = (width: number): StepLane => ({ free: width, waiting: new Map() });

function leave(lane: StepLane): void {
  const [turn] = lane.waiting;
  if (!turn) {
    lane.free += 1;
    return;
  }
  const [owner, tasks] = turn;
  const next = tasks.shift();
  lane.waiting.delete(owner);
  if (tasks.length > 0) lane.waiting.set(owner, tasks);
  next?.();
}

/**
 * Runs a task in the lane.
 * @param owner for whom: one who waits with many tasks does not make another wait for more than one of them
 */
export async function inLane<Result>(lane: StepLane, owner: string, task: () => Promise<Result>): Promise<Result> {
  if (lane.free > 0) lane.free -= 1;
  else {
    await new Promise<void>((resolve) => {
      const tasks = lane.waiting.get(owner);
      if (tasks) tasks.push(resolve);
      else lane.waiting.set(owner, [resolve]);
    });
  }
  try {
    return await task();
  } finally {
    leave(lane);
  }
}
