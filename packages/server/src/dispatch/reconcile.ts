import type { ListedEffect } from '@interdict/connectors';
import { targetText } from '@interdict/contract';
import { haltAt } from '../actions/pauses.ts';
import { timeLimit } from '../lib/timers.ts';
import { type EffectRow, queries } from '../store/queries.ts';
import { LANES, type StrayRow } from '../store/rows.ts';
import type { Query } from '../store/work.ts';
import { first, must, unit } from '../store/work.ts';
import type { DispatchedProvider, Dispatcher } from './dispatcher.ts';
import type { EffectName } from './fresh-ledger.ts';
import { wake } from './run-turn.ts';
import { forgetPastEffects, PAST_EFFECT_MS, settleStrays } from './take-back.ts';

/** Effects that should be in force: each is looked at by itself, now, before anything is said. */
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

type LastEffect = EffectName | undefined;

const from = (provider: string, last: LastEffect, limit: number) => ({
  provider,
  action: last?.action ?? '',
  target: last?.target ?? '',
  limit,
});

const effectsAt =
  (provider: string) =>
  (last: EffectRow | undefined, limit: number): Query<EffectRow> =>
    queries.effectsAfter(from(provider, last, limit));

const straysAt =
  (provider: string) =>
  (last: StrayRow | undefined, limit: number): Query<StrayRow> =>
    queries.straysAt(from(provider, last, limit));

const keyOf = ({ action, target }: EffectName): string => `${action} ${target}`;

/** A list of 100,000 takes the product longer than one call. */
const LIST_FACTOR = 3;
const AT_ONCE = 200;

async function listAt(
  { deps }: Dispatcher,
  tenantId: string,
  { connector, terms }: DispatchedProvider,
): Promise<readonly ListedEffect[]> {
  const limit = timeLimit(deps.timers, terms.timeoutMs * LIST_FACTOR);
  try {
    return (await connector.list?.(tenantId, limit.signal)) ?? [];
  } finally {
    limit.end();
  }
}

async function wakeAll(dispatcher: Dispatcher, tenantId: string, ids: readonly string[]): Promise<void> {
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    await dispatcher.deps.store.run(tenantId, wakeMissing, { ids: ids.slice(start, start + AT_ONCE) });
  }
  if (ids.length > 0) wake(dispatcher, tenantId);
}

interface Seen {
  readonly listedAt: number;
  /** Listed as ours, and not in the ledger. */
  readonly unwanted: readonly EffectName[];
  readonly strays: readonly StrayRow[];
}

/** Strays that are known already cost nothing, but for those that wait to be taken back. */
async function carryStrays(
  dispatcher: Dispatcher,
  tenantId: string,
  { terms }: DispatchedProvider,
  { listedAt, unwanted, strays }: Seen,
): Promise<void> {
  const { store } = dispatcher.deps;
  const there = new Set(unwanted.map(keyOf));
  const known = new Set(strays.filter(({ was_ours }) => was_ours === 0).map(keyOf));
  const effects = unwanted.filter((effect) => !known.has(keyOf(effect)));
  const over = strays.filter((stray) => !there.has(keyOf(stray))).map(({ id }) => id);
  let back = 0;
  for (let start = 0; start < Math.max(effects.length, over.length); start += AT_ONCE) {
    const end = start + AT_ONCE;
    const piece = { terms, listedAt, effects: effects.slice(start, end), over: over.slice(start, end) };
    back += await store.run(tenantId, settleStrays, piece);
  }
  if (back > 0) wake(dispatcher, tenantId);
}

async function forgetOld({ deps }: Dispatcher, tenantId: string): Promise<void> {
  const until = deps.store.clock.now() - PAST_EFFECT_MS;
  const old = await deps.store.read(tenantId, queries.pastEffectsUntil({ until, limit: 1 }));
  if (old.length === 0) return;
  let isMore = true;
  while (isMore) isMore = await deps.store.run(tenantId, forgetPastEffects, { until });
}

/** Where nothing is wanted: something may turn up again, or was put there since the backup that this database is. */
async function mayHaveStrays({ deps }: Dispatcher, tenantId: string, provider: string): Promise<boolean> {
  const { store } = deps;
  const [past, pauses] = await Promise.all([
    store.read(tenantId, queries.pastEffectAt({ provider })),
    store.read(tenantId, queries.lastingPauses({})),
  ]);
  return past.length > 0 || haltAt(pauses, provider).holdsEnds;
}

/**
 * One list instead of a look at each effect: what vanished is found within the time between two lists, however many
 * effects there are; and so is what is there and should not be. The ledger is read first, so that nothing new is
 * missed; what came since is found out when it is written.
 */
export async function reconcile(dispatcher: Dispatcher, tenantId: string, provider: DispatchedProvider): Promise<void> {
  const { connector, terms } = provider;
  const { store } = dispatcher.deps;
  if (!connector.list) return;
  await forgetOld(dispatcher, tenantId);
  const listedAt = store.clock.now();
  const { rows } = await store.scan(tenantId, [effectsAt(terms.provider), straysAt(terms.provider)]);
  const [effects, strays] = rows;
  const isEmpty = effects.length === 0 && strays.length === 0;
  if (isEmpty && !(await mayHaveStrays(dispatcher, tenantId, terms.provider))) return;
  const listed = (await listAt(dispatcher, tenantId, provider)).map((entry) => ({
    ...entry,
    target: targetText(entry.target),
  }));
  const there = new Set(listed.map(keyOf));
  const missing = effects.filter((row) => row.known === 'inForce' && row.holds > 0 && !there.has(keyOf(row)));
  await wakeAll(
    dispatcher,
    tenantId,
    missing.map(({ id }) => id),
  );
  const inLedger = new Set(effects.map(keyOf));
  const unwanted = listed.filter(
    (entry) => !entry.foreign && !terms.irreversible.includes(entry.action) && !inLedger.has(keyOf(entry)),
  );
  await carryStrays(dispatcher, tenantId, provider, { listedAt, unwanted, strays });
}

/** Where nothing can be listed: every effect in force is looked at now, one by one. */
export async function lookAtEach(
  dispatcher: Dispatcher,
  tenantId: string,
  { terms }: DispatchedProvider,
): Promise<void> {
  const { rows } = await dispatcher.deps.store.scan(tenantId, [effectsAt(terms.provider)]);
  const held = rows[0].filter(({ known, holds }) => known === 'inForce' && holds > 0);
  await wakeAll(
    dispatcher,
    tenantId,
    held.map(({ id }) => id),
  );
}
