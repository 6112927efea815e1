import type { AwakeRow } from '../store/subscription-queries.ts';
import { isInDoubt, isShared, missFromNow, noteOwners, noteSilence } from '../store/watch-owners.ts';
import type { Deliverer } from './deliverer.ts';
import type { Lease } from './delivery-units.ts';

/** A subscription that nobody else has who may live. */
export interface FreeRow {
  readonly row: AwakeRow;
  /** What a process that is gone left on it. */
  readonly left?: Lease;
}

/** @throws what the store does: until it answers again, this process comes into doubt */
export async function watchOthers({ owners, gone, deps: { store } }: Deliverer): Promise<void> {
  // Until it answers.
  noteSilence(owners, performance.now());
  const live = await store.liveLeaseOwners();
  for (const owner of noteOwners(owners, live, performance.now())) gone.add(owner);
  for (const owner of live) gone.delete(owner);
}

/** One that may be taken for gone breaks off what it posts, and begins nothing: nobody posts beside it. */
export function doubtOneself(deliverer: Deliverer): void {
  const { owners, doubt, deps } = deliverer;
  if (!isInDoubt(owners, deps.store.leaseOwner, performance.now())) {
    if (doubt.signal.aborted) deliverer.doubt = new AbortController();
  } else if (!doubt.signal.aborted) doubt.abort(new Error('The store is out of reach.'));
}

/** Who lives is asked again behind their leases: one that came back meanwhile has taken new ones. */
async function goneOf({ owners, gone, deps }: Deliverer, names: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  if (!isShared(deps.store)) return names;
  const found = [...names].filter((name) => gone.has(name));
  const others = [...names].filter((name) => !gone.has(name));
  missFromNow(owners, others, performance.now());
  if (found.length === 0) return new Set();
  const live = await deps.store.liveLeaseOwners();
  return new Set(found.filter((name) => !live.has(name)));
}

/** Of those that were read just now: those that others have who may live are left to them. */
export async function findFree(deliverer: Deliverer, rows: readonly AwakeRow[], now: number): Promise<FreeRow[]> {
  const own = deliverer.deps.store.leaseOwner;
  const leases = rows.map(({ lease_owner: owner, lease_until }): Lease | undefined => {
    const until = lease_until ?? 0;
    return owner === null || owner === own || until <= now ? undefined : { owner, until };
  });
  const gone = await goneOf(deliverer, new Set(leases.flatMap((lease) => lease?.owner ?? [])));
  return rows.flatMap((row, index) => {
    const left = leases[index];
    if (!left) return [{ row }];
    return gone.has(left.owner) ? [{ row, left }] : [];
  });
}
