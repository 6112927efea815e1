import type { ServerResponse } from 'node:http';
import type { Answer } from './exchange.ts';

/** Sees to it that an answer ends in time, and tells how it ended. */
export function watchEnd(raw: ServerResponse, { afterEnd, sentWithinMs }: Answer): void {
  if (!afterEnd && sentWithinMs === undefined) return;
  if (raw.destroyed) {
    afterEnd?.(false);
    return;
  }
  const timer = sentWithinMs === undefined ? undefined : setTimeout(() => raw.destroy(), sentWithinMs).unref();
  let isWhole = false;
  raw.once('finish', () => {
    isWhole = true;
  });
  raw.once('close', () => {
    clearTimeout(timer);
    afterEnd?.(isWhole);
  });
}
