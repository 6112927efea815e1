import { targetText } from '@interdict/contract';
import { timeLimit } from '../lib/timers.ts';
import { type InForceRow, queries } from '../store/queries.ts';
import { LANES } from '../store/rows.ts';
import { first, must, unit } from '../store/work.ts';
import type { DispatchedProvider, Dispatcher } from './dispatcher.ts';
import { wake } from './run-turn.ts';

/** Effects that should be in force and were not on the product's list: each is looked at by itself before anything is said. */
export const wakeMissing = unit('dispatch.wakeMissing', function* (u, { ids }: { ids: readonly string[] }) {
  let woken = 0;
  for (const id of ids) {
    const ledger = yield* first(queries.enforcementById({ id }));
    if (ledger?.known !== 'inForce' || ledger.holds === 0 || ledger.lease_owner !== null) continue;
    yield* must(queries.saveEnforcement({ ...ledger, lane: LANES.verify, due_at: u.now }));
    woken += 1;
  }
  if (woken > 0) u.due(u.now);
  return woken;
});

const inForceAt =
  (provider: string) =>
  (last: InForceRow | undefined, limit: number): ReturnType<typeof queries.inForceAfter> =>
    queries.inForceAfter({ provider, action: last?.action ?? '', target: last?.target ?? '', limit });

/** A list of 100,000 takes the product longer than one call. */
const LIST_FACTOR = 3;
const WAKE_AT_ONCE = 200;

/**
 * One list instead of a look at each effect: what vanished is found within the time between two lists, however many
 * effects there are. What should be there is read first, so that nothing new is missed.
 */
export async function reconcile(dispatcher: Dispatcher, tenantId: string, provider: DispatchedProvider): Promise<void> {
  const { connector, terms } = provider;
  const { store, timers } = dispatcher.deps;
  if (!connector.list) return;
  const { rows } = await store.scan(tenantId, [inForceAt(terms.provider)]);
  if (rows[0].length === 0) return;
  const limit = timeLimit(timers, terms.timeoutMs * LIST_FACTOR);
  const listed = await connector.list(tenantId, limit.signal).finally(limit.end);
  const there = new Set(listed.map(({ action, target }) => `${action} ${targetText(target)}`));
  const missing = rows[0].filter(({ action, target }) => !there.has(`${action} ${target}`)).map(({ id }) => id);
  for (let start = 0; start < missing.length; start += WAKE_AT_ONCE) {
    await store.run(tenantId, wakeMissing, { ids: missing.slice(start, start + WAKE_AT_ONCE) });
  }
  if (missing.length > 0) wake(dispatcher, tenantId);
}
