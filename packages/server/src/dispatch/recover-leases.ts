import { providersOf } from '../actions/provider.ts';
import { failpoint } from '../lib/failpoint.ts';
import { queries } from '../store/queries.ts';
import { isShared, missFromNow, noteOwners } from '../store/watch-owners.ts';
import { isAgent } from './agent/agent-owner.ts';
import type { Dispatcher } from './dispatcher.ts';
import { eachTenant } from './each-tenant.ts';
import { freeLeases } from './free-leases.ts';

const LEASES_AT_ONCE = 200;
/** Tenants whose leases are looked at beside each other: for each of them it is one small question. */
const TENANTS_AT_ONCE = 8;

type IsGone = (owner: string) => boolean;

/** Who lives is asked again behind their leases: one that came back meanwhile has taken new ones. */
async function goneOf({ deps }: Dispatcher, owners: ReadonlySet<string>, isGone: IsGone): Promise<string[]> {
  const gone = [...owners].filter(isGone);
  if (gone.length === 0) return [];
  const live = await deps.store.liveLeaseOwners();
  return gone.filter((owner) => !live.has(owner));
}

/** The living keep theirs, however many they are: only rows of the gone are written. */
async function takeBack(dispatcher: Dispatcher, tenantId: string, isGone: IsGone): Promise<void> {
  const { store, timers, onAlarms } = dispatcher.deps;
  const providers = providersOf(dispatcher.deps.providers, tenantId).map(({ terms }) => terms);
  const abandoned = { owner: store.leaseOwner, providers, mayLive: isShared(store) };
  let after = '';
  for (;;) {
    const page = await store.read(tenantId, queries.leasesAfter({ id: after, limit: LEASES_AT_ONCE }));
    const owners = new Set(page.map(({ lease_owner }) => lease_owner ?? '').filter((owner) => !isAgent(owner)));
    const gone = await goneOf(dispatcher, owners, isGone);
    const ids = page.filter(({ lease_owner }) => gone.includes(lease_owner ?? '')).map(({ id }) => id);
    if (ids.length > 0) {
      failpoint('start.beforeLeasesFreed');
      const alarms = await store.run(tenantId, freeLeases, { ...abandoned, gone, ids });
      failpoint('start.afterLeasesFreed');
      onAlarms(tenantId, alarms);
      for (const owner of gone) owners.delete(owner);
    }
    missFromNow(dispatcher.owners, owners, timers.monotonicMs());
    after = page.at(-1)?.id ?? '';
    if (page.length < LEASES_AT_ONCE) return;
  }
}

/** Leases of processes that are gone are taken back. What of them goes on is due then, and found like all that is due. */
async function recover(dispatcher: Dispatcher, isGone: IsGone): Promise<void> {
  const tenants = eachTenant(dispatcher.deps.store);
  const work = async (): Promise<void> => {
    for (;;) {
      const next = await tenants.next();
      if (next.done) return;
      await takeBack(dispatcher, next.value, isGone);
    }
  };
  await Promise.all(Array.from({ length: TENANTS_AT_ONCE }, work));
}

/** Of those who are gone for good. Where that fails they are missed from then on, and it is tried again. */
export async function recoverFrom(dispatcher: Dispatcher, gone: readonly string[]): Promise<void> {
  const names = new Set(gone);
  try {
    await recover(dispatcher, (owner) => names.has(owner));
  } catch (error) {
    missFromNow(dispatcher.owners, gone, dispatcher.deps.timers.monotonicMs());
    throw error;
  }
}

/**
 * What an earlier process left behind. On a shared store, one that does not show that it lives may have lost its
 * connection a moment ago: it is missed from now on.
 */
export async function recoverAtStart(dispatcher: Dispatcher): Promise<void> {
  const { store, timers } = dispatcher.deps;
  noteOwners(dispatcher.owners, await store.liveLeaseOwners(), timers.monotonicMs());
  await recover(dispatcher, (owner) => !isShared(store) && owner !== store.leaseOwner);
}
