/** How many calls a product takes, for one tenant. */
export interface RateLimits {
  readonly perMinute?: number | undefined;
  readonly perHour?: number | undefined;
}

interface Window {
  readonly lengthMs: number;
  readonly limit: number;
  tokens: number;
  at: number;
}

/**
 * Calls that may be made, by window. However the calls fall, no window of its length sees more than the limit: what
 * flows in and what is kept make it up together. It begins empty, as another process may just have used it up.
 */
export interface Bucket {
  readonly windows: readonly Window[];
  /** Of the dearest call: so much must fit in. */
  readonly dearest: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** What is kept for a moment when much is due, as a part of the limit. */
const KEPT = 10;

const keptOf = (limit: number, dearest: number): number => Math.max(dearest, Math.floor(limit / KEPT));

/** What flows in within a window. A limit that is hardly more than one call is kept as well as it can be. */
const inflowOf = (limit: number, dearest: number): number => Math.max(limit - keptOf(limit, dearest), limit / 2);

export function createBucket({ perMinute, perHour }: RateLimits, dearest: number, now: number): Bucket {
  const windows: Window[] = [];
  if (perMinute !== undefined) windows.push({ lengthMs: MINUTE_MS, limit: perMinute, tokens: 0, at: now });
  if (perHour !== undefined) windows.push({ lengthMs: HOUR_MS, limit: perHour, tokens: 0, at: now });
  return { windows, dearest };
}

function refill(window: Window, dearest: number, now: number, shares: number): void {
  const limit = window.limit / shares;
  const passed = Math.max(0, now - window.at);
  const inflow = (passed * inflowOf(limit, dearest)) / window.lengthMs;
  window.tokens = Math.min(keptOf(limit, dearest), window.tokens + inflow);
  window.at = now;
}

/**
 * What may be spent now.
 * @param shares processes that each take their part of the limit
 */
export function tokensOf({ windows, dearest }: Bucket, now: number, shares: number): number {
  for (const window of windows) refill(window, dearest, now, shares);
  return Math.min(...windows.map(({ tokens }) => tokens));
}

/** When as much may be spent. */
export function affordableAt({ windows, dearest }: Bucket, cost: number, now: number, shares: number): number {
  const waits = windows.map(({ limit, lengthMs, tokens }) => {
    const missing = Math.max(0, cost - tokens);
    return Math.ceil((missing * lengthMs) / inflowOf(limit / shares, dearest));
  });
  return now + Math.max(...waits);
}

/** Takes calls off; a negative count gives back. Calls that nobody planned lead into debt. */
export function spend({ windows }: Bucket, calls: number): void {
  for (const window of windows) window.tokens -= calls;
}
