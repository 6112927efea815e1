/** Which processes were seen to live, and since when each is missed. Times in milliseconds. */
export interface Owners {
  readonly missedSince: Map<string, number | undefined>;
  /** Since when the store has not told us anything; undefined while it does. */
  silentSince: number | undefined;
}

export const createOwners = (): Owners => ({ missedSince: new Map(), silentSince: undefined });

/**
 * A process that lives takes its lock again well within this time after its connection broke; and one that cannot,
 * breaks its own calls off within {@link OWN_DOUBT_MS}, so that nobody calls beside it.
 */
const GONE_AFTER_MS = 4_000;
const OWN_DOUBT_MS = 2_000;

/** Notes who lives. @returns whether somebody is gone for good, whose leases are free */
export function noteOwners(owners: Owners, live: ReadonlySet<string>, now: number): boolean {
  owners.silentSince = undefined;
  for (const owner of live) owners.missedSince.set(owner, undefined);
  let isAnyGone = false;
  for (const [owner, since] of owners.missedSince) {
    if (live.has(owner)) continue;
    if (since === undefined) owners.missedSince.set(owner, now);
    else if (now - since >= GONE_AFTER_MS) isAnyGone = owners.missedSince.delete(owner);
  }
  return isAnyGone;
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
