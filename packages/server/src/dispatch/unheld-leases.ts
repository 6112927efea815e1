import { providersOf } from '../actions/provider.ts';
import { queries } from '../store/queries.ts';
import { CommitUnknown } from '../store/store.ts';
import { type Alarm, all, first, type UnitContext, unit, type Work } from '../store/work.ts';
import type { Dispatcher } from './dispatcher.ts';
import { settleUnheard } from './settle-call.ts';
import type { Terms } from './terms.ts';

export interface Unheld {
  readonly owner: string;
  /** Ledger rows whose calls this process makes. */
  readonly held: readonly string[];
  /** The tenant's. */
  readonly providers: readonly Terms[];
}

const LEASES_AT_ONCE = 200;

function* settleOne(u: UnitContext, id: string, { owner, providers }: Unheld): Work<void> {
  const ledger = yield* first(queries.enforcementById({ id }));
  const terms = providers.find(({ provider }) => provider === ledger?.provider);
  if (!ledger || !terms) return;
  yield* settleUnheard(u, ledger, { owner, terms });
  u.due(u.now);
}

/**
 * Leases of a process that makes no call under them: it was not told whether they were committed, or could not write
 * down how their calls ended. They count as calls of which nothing was heard, and go on at once.
 *
 * It looks under the tenant's lock: a commit that is still under way is over by then.
 */
export const settleUnheld = unit('dispatch.settleUnheld', function* (u, unheld: Unheld) {
  for (let after = ''; ; ) {
    const page = yield* all(queries.leasesAfter({ id: after, limit: LEASES_AT_ONCE }));
    const mine = page.filter(({ id, lease_owner }) => lease_owner === unheld.owner && !unheld.held.includes(id));
    for (const { id } of mine) yield* settleOne(u, id, unheld);
    after = page.at(-1)?.id ?? '';
    if (page.length < LEASES_AT_ONCE) return u.alarms as readonly Alarm[];
  }
});

/** Leases that were asked for may have been stored though nobody said so. */
export function noteDoubt({ doubtful }: Dispatcher, tenantId: string, thrown: unknown): void {
  if (thrown instanceof CommitUnknown) doubtful.add(tenantId);
}

/** Behind a doubt. Called where no turn of the tenant is taking leases. @throws where the store does not answer: the doubt stays */
export async function settleDoubt(dispatcher: Dispatcher, tenantId: string): Promise<void> {
  const { deps, doubtful, underWay } = dispatcher;
  if (!doubtful.delete(tenantId)) return;
  const providers = providersOf(deps.providers, tenantId).map(({ terms }) => terms);
  const held = [...underWay].filter((call) => call.tenantId === tenantId).map(({ enforcementId }) => enforcementId);
  try {
    deps.onAlarms(
      tenantId,
      await deps.store.run(tenantId, settleUnheld, { owner: deps.store.leaseOwner, held, providers }),
    );
  } catch (thrown) {
    doubtful.add(tenantId);
    throw thrown;
  }
}
