/** Whether a process lives, stands still, or is gone: nothing reaches one that does not run. */
export interface Life {
  state: 'runs' | 'paused' | 'dead';
  /** It was told to stop: it takes no request, and begins no turn. */
  isStopping: boolean;
  /** What came while it stood still. */
  readonly held: (() => void)[];
}

export const beginLife = (): Life => ({ state: 'runs', isStopping: false, held: [] });

/** Lets something reach the process: now, when it goes on, or never. */
export function deliver(life: Life, run: () => void): void {
  if (life.state === 'runs') run();
  else if (life.state === 'paused') life.held.push(run);
}

/** SIGCONT: all that came meanwhile is there at once. */
export function goOn(life: Life): void {
  if (life.state !== 'paused') return;
  life.state = 'runs';
  for (const run of life.held.splice(0)) run();
}

/** An answer from outside, as the process sees it. */
export const reaching = <Value>(life: Life, answer: Promise<Value>): Promise<Value> =>
  new Promise((resolve, reject) => {
    answer.then(
      (value) => deliver(life, () => resolve(value)),
      (error: unknown) => deliver(life, () => reject(error)),
    );
  });
