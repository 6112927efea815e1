/** Lets so many works run at once; the others wait for their turn. Who waits no more throws. */
export function createSlots(most: number): <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T> {
  const waiting = new Set<() => void>();
  let free = most;

  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.add(resolve);
      const leave = (): void => {
        if (waiting.delete(resolve)) reject(new Error('the call was ended before its turn came'));
      };
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) leave();
    });

  return async (signal, work) => {
    if (free > 0) free -= 1;
    else await turn(signal);
    try {
      return await work();
    } finally {
      const [next] = waiting;
      if (next) {
        waiting.delete(next);
        next();
      } else free += 1;
    }
  };
}
