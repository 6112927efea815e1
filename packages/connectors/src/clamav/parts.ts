import type { ClamavConfig } from './config.ts';
import type { Folder } from './folder.ts';

/** What one provider's calls share. */
export interface Parts {
  readonly config: ClamavConfig;
  readonly folder: Folder;
  /** Ends all that is under way. */
  readonly closing: AbortController;
}

/** Aborts when all callers have given up, or the connector closes. */
export function signalOfAll(signals: readonly AbortSignal[], closing: AbortSignal): AbortSignal {
  const all = new AbortController();
  let waiting = signals.length;
  const leave = (): void => {
    waiting -= 1;
    if (waiting === 0) all.abort();
  };
  for (const signal of signals) {
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  }
  return AbortSignal.any([all.signal, closing]);
}
