import { heldBackUpTo } from '../actions/pauses.ts';
import { providersOf } from '../actions/provider.ts';
import { queries } from '../store/queries.ts';
import type { Dispatcher } from './dispatcher.ts';
import { giveUpLate, type LateTimes } from './give-up-late.ts';
import { leftAlone, setAside } from './set-aside.ts';

const LATE_A_TURN = 200;

/** Tells of what could not be released in time, and of what nobody releases here: its provider left the configuration. */
export async function tellLateReleases(dispatcher: Dispatcher, tenantId: string, now: number): Promise<void> {
  const { store, providers } = dispatcher.deps;
  if (store.clock.isInDoubt?.()) return;
  const deadlines = new Map(
    providersOf(providers, tenantId).map(({ terms }) => [terms.provider, terms.deadlineMs] as const),
  );
  for (let after = ''; ; ) {
    const [oldest] = await store.read(tenantId, queries.oldestRelease({ after }));
    if (!oldest) return;
    after = oldest.provider;
    const until = now - (deadlines.get(after) ?? 0);
    if (oldest.release_wished_at > until) continue;
    const pauses = await store.read(tenantId, queries.pausesSince({ provider: after, since: until }));
    await tellOf(dispatcher, tenantId, after, { since: heldBackUpTo(pauses, after, until), until }, now);
  }
}

async function tellOf(
  { aside, deps }: Dispatcher,
  tenantId: string,
  provider: string,
  times: LateTimes,
  now: number,
): Promise<void> {
  const { store, onAlarms, onFault } = deps;
  const late = await store.read(tenantId, queries.lateReleases({ provider, ...times, limit: LATE_A_TURN }));
  const giveUp = async (id: string): Promise<void> =>
    onAlarms(tenantId, await store.run(tenantId, giveUpLate, { id, ...times }));
  const bad = leftAlone(aside, tenantId, now);
  const ids = late.map(({ id }) => id).filter((id) => !bad.has(id));
  const tell = (id: string) => (thrown: unknown) => onFault(setAside(aside, tenantId, { id, thrown, now }));
  await Promise.all(ids.map((id) => giveUp(id).catch(tell(id))));
}
