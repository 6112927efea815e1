import { setTimeout as delay } from 'node:timers/promises';
import { askReload, hasLoaded, ping } from './clamd.ts';
import type { Generation } from './signature-file.ts';

export interface Wait {
  readonly socket: string;
  /** What stands in the folder at this moment. */
  readonly generations: () => Promise<readonly Generation[]>;
  /** What was replaced, and must not be found any more. */
  readonly former: readonly Generation[];
  /** Asks clamd to load; else it waits for what others asked. `first`: without a look before. */
  readonly reload: 'first' | 'ifNeeded' | 'never';
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

const SHORTEST_MS = 2;
const LONGEST_MS = 100;
const FIRST_REPEAT_MS = 100;

async function isLoaded({ socket, generations, former, signal }: Wait): Promise<boolean> {
  const wanted = await generations();
  if (wanted.length === 0) await ping(socket, signal);
  const found = await Promise.all(wanted.map((each) => hasLoaded(socket, each, signal)));
  if (!found.every(Boolean)) return false;
  const old = await Promise.all(former.map((each) => hasLoaded(socket, each, signal)));
  return !old.some(Boolean);
}

/**
 * Whether clamd has loaded what stands in the folder. A request to load that comes while clamd loads is forgotten, and
 * that load may have read the folder before: it is made again. @throws {ClamavError}
 */
export async function awaitLoad(wait: Wait): Promise<boolean> {
  const { socket, reload, patienceMs, signal } = wait;
  const start = performance.now();
  let [reloadAt, repeatMs] = [start, FIRST_REPEAT_MS];
  for (let pauseMs = SHORTEST_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_MS)) {
    const isFirst = reload === 'first' && reloadAt === start;
    if (!isFirst && (await isLoaded(wait))) return true;
    const now = performance.now();
    if (now - start > patienceMs) return false;
    if (reload !== 'never' && now >= reloadAt) {
      await askReload(socket, signal);
      reloadAt = now + repeatMs;
      repeatMs *= 2;
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
