/** Where the time comes from: the system, or a test that moves it by hand. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;

  /** The system's clock was just set: nothing ends by this one now. Absent: that cannot be told. */
  isInDoubt?(): boolean;
}

export const systemClock: Clock = { now: () => Date.now() };
