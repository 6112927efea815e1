import type { Store } from './store.ts';

/** Which processes were seen to live, and since when each is missed. Milliseconds of a clock that nobody sets. */
export interface Owners {
  readonly missedSince: Map<string, number | undefined>;
  /** Since when the store has not told us anything; undefined while it does. */
  silentSince: number | undefined;
}

/** Where one process alone can use the store, every other is dead. */
export const isShared = ({ hints }: Pick<Store, 'hints'>): boolean => hints !== undefined;

export const createOwners = (): Owners => ({ missedSince: new Map(), silentSince: undefined });

/**
 * A process that lives takes its lock again well within this time after its connection broke; and one that cannot,
 * breaks its own calls off within {@link OWN_DOUBT_MS}, so that nobody calls beside it.
 */
const GONE_AFTER_MS = 4_000;
const OWN_DOUBT_MS = 2_000;

/** Notes who lives. @returns who is gone for good: their leases are free, and nobody else's */
export function noteOwners(owners: Owners, live: ReadonlySet<string>, now: number): readonly string[] {
  owners.silentSince = undefined;
  for (const owner of live) owners.missedSince.set(owner, undefined);
  const gone: string[] = [];
  for (const [owner, since] of owners.missedSince) {
    if (live.has(owner)) continue;
    if (since === undefined) owners.missedSince.set(owner, now);
    else if (now - since >= GONE_AFTER_MS) gone.push(owner);
  }
  for (const owner of gone) owners.missedSince.delete(owner);
  return gone;
}

/** Who has leases and was not seen so far is missed from now on. It may only have lost its connection. */
export function missFromNow(owners: Owners, names: Iterable<string>, now: number): void {
  for (const name of names) if (!owners.missedSince.has(name)) owners.missedSince.set(name, now);
}

/** Processes that work on the store, as far as is known: at least this one. */
export const livingProcesses = ({ missedSince }: Owners): number =>
  Math.max(1, [...missedSince.values()].filter((since) => since === undefined).length);

/** Whether others may think by now that this process is gone. */
export function isInDoubt(owners: Owners, own: string, now: number): boolean {
  const since = owners.silentSince ?? owners.missedSince.get(own);
  return since !== undefined && now - since >= OWN_DOUBT_MS;
}

/** The store was asked, and has not answered yet. */
export function noteSilence(owners: Owners, now: number): void {
  owners.silentSince ??= now;
}
