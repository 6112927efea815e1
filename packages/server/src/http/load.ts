import { Refusal } from '../errors.ts';
import { systemTimers, type Timers } from '../lib/timers.ts';
import type { Metrics } from '../observe/metrics.ts';
import {
  createTurnstile,
  enter,
  hasOthers,
  leave,
  type ShedReason,
  type Turnstile,
  type TurnstileBounds,
} from './turnstile.ts';

/** What has a turnstile of its own, so that one kind does not hold up another. */
export const LOAD_KINDS = ['read', 'write', 'batch'] as const;
export type LoadKind = (typeof LOAD_KINDS)[number];

/**
 * More may wait than there may be connections: who is refused at once comes back at once, and that costs more than to
 * let it wait. Two groups of the embedded store fit into one tenant's half of the writes.
 * To refuse is a quarter of what it costs: the rest is to read the request.
 */
const WAITING = { mostWaiting: 16_384, longestMs: 1_000, refusingShare: 0.025 };
const BOUNDS: Readonly<Record<LoadKind, TurnstileBounds>> = {
  read: { width: 512, ...WAITING },
  write: { width: 1_024, ...WAITING },
  batch: { width: 128, ...WAITING },
};

/** What keeps the server from taking more than it can carry. */
export type Load = Readonly<Record<LoadKind, Turnstile>>;

/** @param bounds narrower ones for tests */
export function createLoad(
  metrics: Pick<Metrics, 'shed' | 'watchLoad'>,
  bounds: Partial<Record<LoadKind, TurnstileBounds>> = {},
  timers: Timers = systemTimers,
): Load {
  const made = (kind: LoadKind): Turnstile => {
    const turnstile = createTurnstile(bounds[kind] ?? BOUNDS[kind], timers, (reason) => metrics.shed(kind, reason));
    metrics.watchLoad(kind, () => turnstile);
    return turnstile;
  };
  return { read: made('read'), write: made('write'), batch: made('batch') };
}

/** What counts of a route. */
export interface LoadedRoute {
  readonly method: string;
  readonly path: string;
  readonly permission: string;
  readonly offers: string;
  readonly isRelease?: boolean;
  readonly isUrgent?: boolean;
}

/**
 * Which turnstile a request goes through. None: what takes something back or keeps it from being done, what needs no
 * token, and streams, which have a bound of their own.
 */
export function loadKindOf({
  permission,
  path,
  method,
  offers,
  isRelease,
  isUrgent,
}: LoadedRoute): LoadKind | undefined {
  if (path === '/$batch') return 'batch';
  if (isRelease || isUrgent || permission === 'anyone' || offers === 'text/event-stream') return undefined;
  return method === 'GET' ? 'read' : 'write';
}

/** Not all of those that were refused together come back together. */
const secondsToWait = (): number => 1 + Math.floor(Math.random() * 4);

function refusal(isOfTenant: boolean): Refusal {
  const headers = { 'Retry-After': String(secondsToWait()) };
  if (!isOfTenant) {
    const message = 'The server has more to do than it can carry at present. Nothing was done; try again.';
    return new Refusal('serviceUnavailable', message, { headers });
  }
  const message =
    'This tenant asks for more than its share of what the server can carry at present. Nothing was done; try again.';
  return new Refusal('tooManyRequests', message, { inner: 'limitExceeded', headers });
}

/** A request that was let in, or waits. */
export interface Admission {
  readonly isInside: boolean;
  /** It is over. Twice is as good as once. */
  leave(): void;
}

/**
 * Asks for a place for a request, before its body is read and before anything is written.
 * @param onTurn called once where it is not inside: with nothing when it is, or with serviceUnavailable, or with
 *   limitExceeded where it is the tenant that asks for too much
 */
export function admitTo(turnstile: Turnstile, tenantId: string, onTurn: (refusal?: Refusal) => void): Admission {
  const told = (reason?: ShedReason): void => {
    if (reason === undefined) onTurn();
    else onTurn(refusal(hasOthers(turnstile, tenantId)));
  };
  const pass = enter(turnstile, tenantId, told);
  if (!pass) {
    told('full');
    return { isInside: false, leave: () => undefined };
  }
  return { isInside: pass.state === 'inside', leave: () => leave(turnstile, pass) };
}
