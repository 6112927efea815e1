import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Connector, Presence } from '@interdict/connectors';
import { type Target, targetText } from '@interdict/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../../test/server.ts';
import { listEnforcements } from '../actions/list-enforcements.ts';
import { systemTimers } from '../lib/timers.ts';
import { createMetrics } from '../observe/metrics.ts';
import { createHealthBoard } from '../observe/provider-health.ts';
import { queries } from '../store/queries.ts';
import { openSqliteStore } from '../store/sql/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { anActionRow, anEnforcementRow, anId } from '../store/testing/an-action-row.ts';
import { addAction, addEnforcement, addPastEffect, sayDue } from '../store/testing/test-units.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { startDispatcher, stopDispatcher } from './run-dispatcher.ts';
import { wake } from './run-turn.ts';
import type { Terms } from './terms.ts';

const TERMS: Terms = {
  provider: 'edge',
  probes: true,
  seesForeign: false,
  keepsTime: false,
  repeats: true,
  verification: 'readBack',
  latenessMs: 0,
  timeoutMs: 1_000,
  deadlineMs: 60_000,
  verifyEveryMs: null,
  lists: true,
  irreversible: [],
};

const anIp = (value: string): Target => ({ kind: 'ip', value });
const [LATE, THEIRS, FOREIGN, WANTED] = ['203.0.113.11', '203.0.113.12', '203.0.113.13', '203.0.113.14'].map(anIp);
if (!LATE || !THEIRS || !FOREIGN || !WANTED) throw new Error('There are four.');

/** What is on the product, and what was done to it. */
interface Board {
  readonly entries: Map<string, { readonly target: Target; readonly foreign: boolean }>;
  readonly done: string[];
  lists: number;
  isAway: boolean;
}

function aProduct(board: Board): Connector {
  const { entries, done } = board;
  const look = (target: Target): Presence => {
    if (board.isAway) return { kind: 'unknown', message: 'Away.' };
    const entry = entries.get(targetText(target));
    return entry ? { kind: 'present', foreign: entry.foreign } : { kind: 'absent' };
  };
  return {
    traits: {
      actions: [],
      verification: 'readBack',
      idempotence: 'setlike',
      probe: 'byTarget',
      seesForeign: false,
      keepsTime: false,
      maxLatenessMs: 0,
      timeoutMs: 1_000,
      limits: { concurrency: 4 },
      simulated: true,
    },
    apply: async ({ target }) => {
      done.push(`apply ${target.value}`);
      entries.set(targetText(target), { target, foreign: false });
      return { kind: 'done', level: 'reported' };
    },
    release: async ({ target }) => {
      done.push(`release ${target.value}`);
      entries.delete(targetText(target));
      return { kind: 'done', level: 'reported' };
    },
    verify: async ({ target }) => look(target),
    list: async () => {
      board.lists += 1;
      return [...entries.values()].map(({ target, foreign }) => ({ action: 'BlockIp', target, foreign }));
    },
    close: async () => undefined,
  };
}

describe('what a product lists', () => {
  let folder: string;
  let store: Store;
  let dispatcher: Dispatcher | undefined;
  const tenant = randomUUID();
  const faults: unknown[] = [];
  const board: Board = { entries: new Map(), done: [], lists: 0, isAway: false };

  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-dispatch-'));
    store = await openSqliteStore({ folder, entry: new URL('./testing/dispatch-thread.ts', import.meta.url) });
    await store.run(tenant, sayDue, { at: 1, nothingElse: true });
    faults.length = 0;
    board.done.length = 0;
    board.entries.clear();
    board.lists = 0;
    board.isAway = false;
  });
  afterEach(async () => {
    if (dispatcher) await stopDispatcher(dispatcher, 6_000);
    await store.close();
    rmSync(folder, { recursive: true });
  });

  async function start(terms: Terms, reconcileEveryMs: number | undefined): Promise<Dispatcher> {
    const connector = aProduct(board);
    dispatcher = createDispatcher({
      store,
      providers: [{ key: 'edge', terms, connector, tenants: undefined, reconcileEveryMs }],
      refusalFor: () => undefined,
      health: createHealthBoard(),
      metrics: createMetrics(),
      timers: systemTimers,
      random: Math.random,
      onFault: (error) => faults.push(error),
      onAlarms: () => undefined,
    });
    await startDispatcher(dispatcher);
    return dispatcher;
  }

  const put = (target: Target, foreign = false): void =>
    void board.entries.set(targetText(target), { target, foreign });

  it('and was released before is taken back; what nobody here put there is shown; what is foreign is neither', async () => {
    for (const target of [LATE, THEIRS]) put(target);
    put(FOREIGN, true);
    const past = { provider: 'edge', action: 'BlockIp', enforcement_id: anId(), released_at: Date.now() - 60_000 };
    await store.run(tenant, addPastEffect, { ...past, target: targetText(LATE) });
    await store.run(tenant, addPastEffect, { ...past, target: targetText(FOREIGN) });
    await start(TERMS, 600_000);
    await until(
      () => board.done,
      (done) => done.length > 0,
    );
    const shown = await until(
      async () => (await listEnforcements({ store } as never, tenant, { limit: 9, after: undefined })).enforcements,
      (rows) => rows.length === 1,
    );
    expect(shown).toMatchObject([{ target: targetText(THEIRS), state: 'unknown', holds: [], provider: 'edge' }]);
    expect(board.done).toEqual([`release ${LATE.value}`]);
    expect([...board.entries.keys()]).toEqual([targetText(THEIRS), targetText(FOREIGN)]);
    expect(faults).toEqual([]);
  });

  it('is asked for again at once when the product answers again after it was away', async () => {
    const row = anEnforcementRow({ target: targetText(WANTED), known: 'inForce', looked: 1, lane: 2, due_at: 1 });
    await store.run(tenant, addEnforcement, { ...row, wanted_until: Date.now() + 600_000 });
    await store.run(tenant, addAction, anActionRow({ enforcement_id: row.id, hold: 'active', start_at: null }));
    put(WANTED);
    board.isAway = true;
    const running = await start(TERMS, 600_000);
    await until(
      () => running.deps.health.of('edge').health,
      (health) => health !== 'up',
    );
    // The list of the start is over: what waits for the product's next answer does so from here on.
    await until(
      () => running.answersAgain.has('edge'),
      (waits) => waits,
    );
    expect(board.lists).toBe(1);
    board.entries.clear();
    board.isAway = false;
    wake(running, tenant);
    await until(
      () => board.lists,
      (lists) => lists === 2,
      // By time alone it would be ten minutes.
      40_000,
    );
    expect(faults).toEqual([]);
  }, 60_000);

  it('where nothing can be listed, and is looked at rarely, is looked at by itself at the start', async () => {
    const row = anEnforcementRow({ target: targetText(WANTED), known: 'inForce', looked: 1, lane: 2 });
    const rarely = { ...row, due_at: Date.now() + 3_600_000, wanted_until: Date.now() + 7_200_000 };
    await store.run(tenant, addEnforcement, rarely);
    await store.run(tenant, addAction, anActionRow({ enforcement_id: row.id, hold: 'active', start_at: null }));
    await start({ ...TERMS, lists: false, verifyEveryMs: 3_600_000 }, undefined);
    await until(
      () => board.done,
      (done) => done.length > 0,
    );
    const [after] = await store.read(tenant, queries.enforcementById({ id: row.id }));
    expect(after).toMatchObject({ drift_count: 1, drift_run: 1 });
    expect(board.done).toEqual([`apply ${WANTED.value}`]);
    expect(faults).toEqual([]);
  });
});
