/** Lets so many tasks run at once; the others wait in the order in which they came. */
export interface StepLane {
  free: number;
  readonly waiting: (() => void)[];
}

export const createStepLane = (width: number): StepLane => ({ free: width, waiting: [] });

function leave(lane: StepLane): void {
  const next = lane.waiting.shift();
  if (next) next();
  else lane.free += 1;
}

/** Runs a task in the lane, or at once where it does not belong there. */
export async function inLane<Result>(lane: StepLane, belongs: boolean, task: () => Promise<Result>): Promise<Result> {
  if (!belongs) return await task();
  if (lane.free > 0) lane.free -= 1;
  else await new Promise<void>((resolve) => void lane.waiting.push(resolve));
  try {
    return await task();
  } finally {
    leave(lane);
  }
}
