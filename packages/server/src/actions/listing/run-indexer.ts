import { setTimeout as delay } from 'node:timers/promises';
import { failpoint } from '../../lib/failpoint.ts';
import type { PagePosition } from '../../store/queries.ts';
import type { Store } from '../../store/store.ts';
import { indexAgain, indexWords, standOfIndex } from './word-index.ts';

/** Brings the index of words up to date behind the writes, so that a search finds little left to do. */
export interface Indexer {
  /** A tenant may have something new. Costs the caller nothing. */
  note(tenantId: string): void;
  stop(): Promise<void>;
}

export interface IndexerDeps {
  readonly store: Store;
  readonly onFault: (error: unknown) => void;
}

const ROUND_MS = 500;
/** A tenant that writes more than this in a round is left alone; it needs the store for itself. */
const QUIET = 50;
/** Commits of others during a turn: a flood may have begun. */
const OTHERS = 10;
/** But not for longer than this. */
const LONGEST_FLOOD_MS = 60_000;
/** Then other tenants have their turn. */
const TURN_MS = 2_000;
/** How much longer than its last unit took the index leaves the store to others: a half is the most that it takes. */
const REST = 1;
const REST_IN_FLOOD = 4;
const TENANTS_AT_ONCE = 1_000;

/** What the last round saw of a tenant. */
interface Noted {
  readonly written: number;
  /** Since when it writes much in every round. */
  readonly since: number;
}

interface Indexing extends IndexerDeps {
  readonly noted: Map<string, Noted | undefined>;
  /** The tenant whose turn it is, and the hints of it: each stands for a group of commits, the index's own among them. */
  turn: { readonly tenantId: string; hints: number };
  readonly stopping: AbortController;
}

async function rest({ stopping }: Indexing, since: number, factor: number): Promise<void> {
  const options = { ref: false, signal: stopping.signal };
  await delay(Math.max(1, (performance.now() - since) * factor), undefined, options).catch(() => undefined);
}

/** Where the journal has been cut, the actions themselves tell their words. */
async function indexAll(indexing: Indexing, tenantId: string, sequence: number): Promise<void> {
  let after: PagePosition | undefined;
  do {
    const since = performance.now();
    after = await indexing.store.run(tenantId, indexAgain, { after, sequence });
    await rest(indexing, since, REST);
  } while (after && !indexing.stopping.signal.aborted);
}

/** Brings the index as far as the journal was when it was looked at, or as far as a turn goes. */
async function level(indexing: Indexing, tenantId: string, written: number, factor: number): Promise<void> {
  const { store, stopping } = indexing;
  const endsAt = performance.now() + TURN_MS;
  const turn = { tenantId, hints: 0 };
  indexing.turn = turn;
  let units = 0;
  for (let sequence = -1; sequence < written; units += 1) {
    const since = performance.now();
    if (since > endsAt || stopping.signal.aborted) return;
    // A flood has begun: the next round will see it.
    if (factor === REST && turn.hints > units + OTHERS) return;
    failpoint('index.beforeStore');
    const next = await store.run(tenantId, indexWords, undefined);
    failpoint('index.afterStore');
    if (next.isCut || next.sequence === sequence) return await indexAll(indexing, tenantId, written);
    sequence = next.sequence;
    await rest(indexing, since, factor);
  }
}

async function lookAfter(indexing: Indexing, tenantId: string, seen: Noted | undefined): Promise<void> {
  const { noted, store } = indexing;
  // What is noted from here on is looked after in the next round.
  noted.delete(tenantId);
  const { indexed, written } = await standOfIndex(store, tenantId).catch((error: unknown) => {
    noted.set(tenantId, seen);
    throw error;
  });
  if (indexed >= written) return;
  const now = performance.now();
  const isFlood = seen === undefined || written - seen.written > QUIET;
  const since = isFlood ? (seen?.since ?? now) : now;
  noted.set(tenantId, { written, since });
  if (!isFlood) await level(indexing, tenantId, written, REST);
  else if (now - since > LONGEST_FLOOD_MS) await level(indexing, tenantId, written, REST_IN_FLOOD);
}

/** What an earlier process left, or another one. */
async function noteAll({ store, noted, stopping }: Indexing): Promise<void> {
  let last = '';
  for (;;) {
    const page = await store.tenantsAfter(last, TENANTS_AT_ONCE);
    for (const tenantId of page) noted.set(tenantId, undefined);
    last = page.at(-1) ?? '';
    if (page.length < TENANTS_AT_ONCE || stopping.signal.aborted) return;
  }
}

async function keepIndexing(indexing: Indexing): Promise<void> {
  const { noted, stopping, onFault } = indexing;
  const { signal } = stopping;
  await noteAll(indexing).catch(onFault);
  while (!signal.aborted) {
    for (const [tenantId, seen] of [...noted]) {
      if (signal.aborted) return;
      await lookAfter(indexing, tenantId, seen).catch((error: unknown) => {
        if (!signal.aborted) onFault(error);
      });
    }
    await delay(ROUND_MS, undefined, { ref: false, signal }).catch(() => undefined);
  }
}

/** Any number of processes may do this over one database: a tenant's units queue, and each begins where the last ended. */
export function startIndexer(deps: IndexerDeps): Indexer {
  const indexing: Indexing = {
    ...deps,
    noted: new Map(),
    turn: { tenantId: '', hints: 0 },
    stopping: new AbortController(),
  };
  const done = keepIndexing(indexing);
  return {
    note: (tenantId) => {
      if (tenantId === indexing.turn.tenantId) indexing.turn.hints += 1;
      if (!indexing.noted.has(tenantId)) indexing.noted.set(tenantId, undefined);
    },
    stop: async () => {
      indexing.stopping.abort();
      await done;
    },
  };
}
