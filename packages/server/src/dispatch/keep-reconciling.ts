import { wait } from '../lib/timers.ts';
import type { DispatchedProvider, Dispatcher } from './dispatcher.ts';
import { eachTenant } from './each-tenant.ts';
import { lookAtEach, reconcile } from './reconcile.ts';

/** One line tells how many failed, and why some did. */
const FAILURES_TOLD = 3;

type Look = (dispatcher: Dispatcher, tenantId: string, provider: DispatchedProvider) => Promise<void>;

/** A tenant whose list cannot be had keeps none of the others from theirs. @throws {AggregateError} after all */
async function lookForAll(dispatcher: Dispatcher, provider: DispatchedProvider, look: Look): Promise<void> {
  const failures: unknown[] = [];
  for await (const tenantId of eachTenant(dispatcher.deps.store)) {
    if (dispatcher.stopped) return;
    if (!(provider.tenants?.has(tenantId) ?? true)) continue;
    await look(dispatcher, tenantId, provider).catch((error: unknown) => failures.push(error));
  }
  if (failures.length === 0) return;
  const message = `What provider "${provider.key}" has in force could not be listed for ${failures.length} tenant(s).`;
  throw new AggregateError(failures.slice(0, FAILURES_TOLD), message, { cause: failures[0] });
}

/** A product that comes and goes is not looked at without a pause. */
const LEAST_PAUSE_MS = 5_000;

/** Until it is time again, or the product answers again after it did not. */
async function rest({ deps, stopping, answersAgain }: Dispatcher, key: string, everyMs: number): Promise<void> {
  const rung = new AbortController();
  answersAgain.set(key, () => rung.abort());
  const least = Math.min(LEAST_PAUSE_MS, everyMs);
  await wait(deps.timers, least, stopping.signal);
  await wait(deps.timers, everyMs - least, AbortSignal.any([stopping.signal, rung.signal]));
}

/** Effects that are looked at one by one are due by themselves so soon that nobody has to wake them. */
const SOON_BY_THEMSELVES_MS = 60_000;

/** Each effect has its own time; all of them at once are looked at only where there is a reason. */
const NEVER_BY_TIME_MS = 2_147_483_647;

/**
 * At start, every `reconcileEveryMs`, and when the product answers again after it did not: a product that lost what we
 * gave it gets it back, and one that has what nobody wants is told so. Where it cannot be listed, each effect is looked
 * at.
 */
export async function keepReconciling(dispatcher: Dispatcher, provider: DispatchedProvider): Promise<void> {
  const { reconcileEveryMs, connector, terms } = provider;
  const canList = connector.list !== undefined && reconcileEveryMs !== undefined;
  const isRarelyLookedAt = terms.verifyEveryMs !== null && terms.verifyEveryMs > SOON_BY_THEMSELVES_MS;
  if (!canList && !isRarelyLookedAt) return;
  const look = canList ? reconcile : lookAtEach;
  while (!dispatcher.stopped) {
    // A product that cannot be listed now is listed next time. Until then nobody sees what vanished there.
    // While the time is in doubt nobody knows what is wanted now, and nothing is compared with that.
    const isInDoubt = dispatcher.deps.store.clock.isInDoubt?.() ?? false;
    if (!isInDoubt) await lookForAll(dispatcher, provider, look).catch(dispatcher.deps.onFault);
    await rest(dispatcher, provider.key, reconcileEveryMs ?? NEVER_BY_TIME_MS);
  }
}
