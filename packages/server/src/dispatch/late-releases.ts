import { giveUpRelease } from '../actions/holds.ts';
import { providersOf } from '../actions/provider.ts';
import { queries } from '../store/queries.ts';
import { type Alarm, first, unit } from '../store/work.ts';
import type { Dispatcher } from './dispatcher.ts';
import { leftAlone, setAside } from './set-aside.ts';

const LATE_A_TURN = 200;

/** A release without success within its time: people are told, and the tries go on. */
export const giveUpLate = unit('dispatch.giveUpLate', function* (u, late: { id: string; until: number }) {
  const ledger = yield* first(queries.enforcementById({ id: late.id }));
  const wished = ledger?.release_wished_at ?? null;
  if (ledger && wished !== null && wished <= late.until) yield* giveUpRelease(u, ledger.id);
  return u.alarms as readonly Alarm[];
});

/** Tells of what could not be released in time, and of what nobody releases here: its provider left the configuration. */
export async function tellLateReleases(dispatcher: Dispatcher, tenantId: string, now: number): Promise<void> {
  const { aside, deps } = dispatcher;
  const { store, providers, onAlarms, onFault } = deps;
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
    const late = await store.read(tenantId, queries.lateReleases({ provider: after, until, limit: LATE_A_TURN }));
    const giveUp = async ({ id }: { id: string }): Promise<void> =>
      onAlarms(tenantId, await store.run(tenantId, giveUpLate, { id, until }));
    const bad = leftAlone(aside, tenantId, now);
    const ids = late.map(({ id }) => id).filter((id) => !bad.has(id));
    const tell = (id: string) => (thrown: unknown) => onFault(setAside(aside, tenantId, { id, thrown, now }));
    await Promise.all(ids.map((id) => giveUp({ id }).catch(tell(id))));
  }
}
