import type { Dispatcher } from './dispatcher.ts';
import { freeLeases } from './free-leases.ts';
import { wake } from './run-turn.ts';

/** How often the store is asked what is due: wake-ups and timers only shorten the wait. */
const POLL_MS = 500;
const TENANTS_A_POLL = 100;
const TENANTS_A_PAGE = 1_000;
/** Calls under way get this long to end by themselves at shutdown. */
const DRAIN_MS = 8_000;

async function pollOnce(dispatcher: Dispatcher): Promise<void> {
  const { store, clock } = dispatcher.deps;
  for (const tenantId of await store.dueTenants(clock.now(), TENANTS_A_POLL)) wake(dispatcher, tenantId);
}

function schedulePoll(dispatcher: Dispatcher): void {
  if (dispatcher.stopped) return;
  dispatcher.poll = setTimeout(async () => {
    await pollOnce(dispatcher).catch(dispatcher.deps.onFault);
    schedulePoll(dispatcher);
  }, POLL_MS);
}

/** Leases of processes that are gone are taken back, tenant by tenant; then each goes on where it stood. */
async function recover(dispatcher: Dispatcher): Promise<void> {
  const { store, providers } = dispatcher.deps;
  const live = [...(await store.liveLeaseOwners())];
  const terms = providers.map((provider) => provider.terms);
  let last = '';
  for (;;) {
    const page = await store.tenantsAfter(last, TENANTS_A_PAGE);
    for (const tenantId of page) {
      while ((await store.run(tenantId, freeLeases, { live, owner: store.leaseOwner, providers: terms })) > 0);
      wake(dispatcher, tenantId);
    }
    last = page.at(-1) ?? '';
    if (page.length < TENANTS_A_PAGE) return;
  }
}

/** Starts dispatching: what an earlier process left behind first. Resolves when that is under way. */
export async function startDispatcher(dispatcher: Dispatcher): Promise<void> {
  await recover(dispatcher);
  await pollOnce(dispatcher);
  schedulePoll(dispatcher);
}

/** Plans nothing more, waits for what is under way, breaks the rest off. What is unfinished stands in the store. */
export async function stopDispatcher(dispatcher: Dispatcher): Promise<void> {
  dispatcher.stopped = true;
  clearTimeout(dispatcher.poll);
  for (const { timer } of dispatcher.timers.values()) clearTimeout(timer);
  const breakOffAll = setTimeout(() => {
    for (const { abort } of dispatcher.calls.values()) abort.abort(new Error('The server stops.'));
  }, DRAIN_MS);
  while (dispatcher.underWay.size > 0 || dispatcher.turns.size > 0) {
    await Promise.allSettled([...dispatcher.underWay]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  clearTimeout(breakOffAll);
  await Promise.all(dispatcher.deps.providers.map(({ connector }) => connector.close()));
}
