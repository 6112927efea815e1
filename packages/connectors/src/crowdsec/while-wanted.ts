/** One who waits, and what becomes of him when he gives up. */
interface Waiting {
  readonly signal: AbortSignal;
  leave(): void;
}

/**
 * Runs for all who wait, and is aborted when the last of them has given up, or when the connector closes. Whoever gives
 * up is answered at once.
 */
export async function whileWanted(
  waiting: readonly Waiting[],
  closing: AbortSignal,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const all = new AbortController();
  let left = waiting.length;
  const listeners = waiting.map(({ leave }) => () => {
    leave();
    left -= 1;
    if (left === 0) all.abort();
  });
  for (const [index, { signal }] of waiting.entries()) {
    const listener = listeners[index];
    if (signal.aborted) listener?.();
    else if (listener) signal.addEventListener('abort', listener, { once: true });
  }
  try {
    await run(AbortSignal.any([all.signal, closing]));
  } finally {
    for (const [index, { signal }] of waiting.entries()) {
      const listener = listeners[index];
      if (listener) signal.removeEventListener('abort', listener);
    }
  }
}
