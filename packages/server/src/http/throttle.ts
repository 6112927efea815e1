import type { Caller } from '../auth/caller.ts';
import { Refusal } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';

/** How many requests of one app and tenant a process takes in a minute; absent: any number. */
export interface RequestLimits {
  readonly get?: number;
  readonly post?: number;
  readonly patch?: number;
}

/** Takes one request of a caller into account. @throws {Refusal} limitExceeded, with `Retry-After` */
export type Throttle = (caller: Pick<Caller, 'tenantId' | 'appId'>, route: Throttled) => void;

/** What counts of a route. */
export interface Throttled {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly isRelease?: boolean;
}

interface Bucket {
  tokens: number;
  at: number;
}

const MINUTE_MS = 60_000;
/** So many are looked through for those that are full again, and mean nothing any more. */
const MOST_BUCKETS = 10_000;

const KINDS = { GET: 'get', POST: 'post', PATCH: 'patch' } as const;

/** A batch is counted by its items. What takes something back is never held up. */
function kindOf({ method, path, isRelease }: Throttled): keyof RequestLimits | undefined {
  if (isRelease || method === 'DELETE' || path === '/$batch') return undefined;
  return KINDS[method];
}

/** Whether a caller may be told to ask less often. */
export const isThrottled = (route: Throttled): boolean => kindOf(route) !== undefined;

const filled = ({ tokens, at }: Bucket, limit: number, now: number): number =>
  Math.min(limit, tokens + (Math.max(0, now - at) * limit) / MINUTE_MS);

function tooMany(kind: string, limit: number, tokens: number): Refusal {
  const seconds = Math.max(1, Math.ceil(((1 - tokens) * MINUTE_MS) / limit / 1_000));
  const message = `This application may send ${limit} ${kind.toUpperCase()} requests a minute here. Try again in ${seconds} s.`;
  return new Refusal('tooManyRequests', message, {
    inner: 'limitExceeded',
    headers: { 'Retry-After': String(seconds) },
  });
}

/** A token bucket for each tenant, app and kind of request, in this process: it holds a minute's requests. */
export function createThrottle(limits: RequestLimits, clock: Clock): Throttle {
  const buckets = new Map<string, Bucket>();
  const forgetFull = (now: number): void => {
    for (const [key, bucket] of buckets) if (now - bucket.at >= MINUTE_MS) buckets.delete(key);
  };
  return ({ tenantId, appId }, route) => {
    const kind = kindOf(route);
    const limit = kind && limits[kind];
    if (kind === undefined || limit === undefined) return;
    const now = clock.now();
    const key = `${kind} ${tenantId} ${appId}`;
    const bucket = buckets.get(key);
    const tokens = bucket ? filled(bucket, limit, now) : limit;
    if (tokens < 1) throw tooMany(kind, limit, tokens);
    if (!bucket && buckets.size >= MOST_BUCKETS) forgetFull(now);
    buckets.set(key, { tokens: tokens - 1, at: now });
  };
}
