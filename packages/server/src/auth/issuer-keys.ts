import { Refusal } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { KeyAddress } from './discover-keys.ts';
import { discoverKeys } from './discover-keys.ts';
import type { Algorithm, PublishedKey } from './key-set.ts';
import { listKeysFor } from './key-set.ts';

/** Keys are fetched again in the background once they are this old. */
const REFRESH_MS = 10 * 60_000;
/** Older keys are not used before a fetch was tried, so that a key taken back during a quiet hour is not trusted after it. */
const STALE_MS = 2 * REFRESH_MS;
/** How long an issuer may be out of reach before its last keys are dropped. */
const KEEP_MS = 24 * 3_600_000;
/** Between two fetches, however many tokens ask. */
const COOLDOWN_MS = 30_000;
const FETCH_TIMEOUT_MS = 5_000;

/** What the authenticator needs of an issuer: its keys, and whether one is still trusted. */
export interface KeySource {
  /**
   * The keys that a token's header can mean; none where the issuer has no such key.
   *
   * @throws {Refusal} `serviceUnavailable` where that cannot be told because the issuer is out of reach
   */
  list(algorithm: Algorithm, kid: string | undefined): Promise<readonly PublishedKey[]>;
  /** Whether what this key signed may be trusted without another look. */
  isCurrent(keyId: string): boolean;
  state(): KeyState;
  close(): void;
}

/** How an issuer's keys stand, for the operator. */
export interface KeyState {
  readonly issuer: string;
  readonly keys: number;
  readonly fetchedAtMs: number | null;
  /** Why the last fetch failed; null where it did not. */
  readonly failure: string | null;
}

interface Fetched {
  readonly keys: readonly PublishedKey[];
  readonly ids: ReadonlySet<string>;
  readonly atMs: number;
}

interface Cache {
  readonly address: KeyAddress;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly closing: AbortController;
  fetched: Fetched | undefined;
  triedAtMs: number | undefined;
  failure: unknown;
  pending: Promise<void> | undefined;
}

/** A clock that was set back counts as time passed: to ask once more does no harm. */
const hasPassed = (cache: Cache, sinceMs: number, ms: number): boolean => {
  const age = cache.clock.now() - sinceMs;
  return age >= ms || age < 0;
};

async function fetchKeys(cache: Cache): Promise<void> {
  const signal = AbortSignal.any([cache.closing.signal, AbortSignal.timeout(cache.timeoutMs)]);
  try {
    const keys = await discoverKeys(cache.address, signal);
    cache.fetched = { keys, ids: new Set(keys.map(({ id }) => id)), atMs: cache.clock.now() };
    cache.failure = undefined;
  } catch (error) {
    cache.failure = error;
  }
  cache.pending = undefined;
}

/** Starts a fetch unless one ran within the last 30 s, and waits for whichever is under way. */
function refresh(cache: Cache): Promise<void> {
  if (cache.pending) return cache.pending;
  const isTooSoon = cache.triedAtMs !== undefined && !hasPassed(cache, cache.triedAtMs, COOLDOWN_MS);
  if (isTooSoon || cache.closing.signal.aborted) return Promise.resolve();
  cache.triedAtMs = cache.clock.now();
  cache.pending = fetchKeys(cache);
  return cache.pending;
}

function currentKeys(cache: Cache): Fetched | undefined {
  const { fetched } = cache;
  return fetched && cache.clock.now() - fetched.atMs < KEEP_MS ? fetched : undefined;
}

/** Old keys of an issuer that answers are not used unseen; those of one that is down are, without a wait. */
const isStale = (cache: Cache, { atMs }: Fetched): boolean =>
  cache.failure === undefined && hasPassed(cache, atMs, STALE_MS);

function keepFresh(cache: Cache, { atMs }: Fetched): void {
  if (hasPassed(cache, atMs, REFRESH_MS)) void refresh(cache);
}

function unreachable({ address, failure, triedAtMs, clock }: Cache): Refusal<'serviceUnavailable'> {
  const waitMs = Math.min(COOLDOWN_MS, Math.max(0, (triedAtMs ?? 0) + COOLDOWN_MS - clock.now()));
  return new Refusal(
    'serviceUnavailable',
    `The keys of the issuer "${address.issuer}" cannot be fetched at present, so this token can be neither trusted nor refused. Try again later.`,
    { headers: { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1_000))) }, cause: failure },
  );
}

async function listKeys(cache: Cache, algorithm: Algorithm, kid: string | undefined): Promise<readonly PublishedKey[]> {
  const present = currentKeys(cache);
  if (!present || isStale(cache, present)) await refresh(cache);
  else keepFresh(cache, present);
  const known = listKeysFor(currentKeys(cache)?.keys ?? [], algorithm, kid);
  if (known.length > 0) return known;
  await refresh(cache);
  const found = listKeysFor(currentKeys(cache)?.keys ?? [], algorithm, kid);
  if (found.length === 0 && (cache.failure !== undefined || !currentKeys(cache))) throw unreachable(cache);
  return found;
}

function isCurrent(cache: Cache, keyId: string): boolean {
  const present = currentKeys(cache);
  if (!present || isStale(cache, present)) return false;
  keepFresh(cache, present);
  return present.ids.has(keyId);
}

export interface IssuerKeysOptions extends KeyAddress {
  readonly clock: Clock;
  /** For the metadata and the keys together. */
  readonly fetchTimeoutMs?: number | undefined;
}

/**
 * The keys of one issuer: fetched when a token first asks, again in the background after 10 minutes and for an unknown
 * `kid`, at most once in 30 s; kept up to 24 h while the issuer is out of reach.
 */
export function createIssuerKeys(options: IssuerKeysOptions): KeySource {
  const cache: Cache = {
    address: { issuer: options.issuer, jwksUri: options.jwksUri },
    clock: options.clock,
    timeoutMs: options.fetchTimeoutMs ?? FETCH_TIMEOUT_MS,
    closing: new AbortController(),
    fetched: undefined,
    triedAtMs: undefined,
    failure: undefined,
    pending: undefined,
  };
  return {
    list: (algorithm, kid) => listKeys(cache, algorithm, kid),
    isCurrent: (keyId) => isCurrent(cache, keyId),
    state: () => ({
      issuer: cache.address.issuer,
      keys: cache.fetched?.keys.length ?? 0,
      fetchedAtMs: cache.fetched?.atMs ?? null,
      failure: cache.failure instanceof Error ? cache.failure.message : null,
    }),
    close: () => cache.closing.abort(),
  };
}
