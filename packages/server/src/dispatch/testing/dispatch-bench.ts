import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Answer, Call, Connector, ConnectorTraits } from '@interdict/connectors';
import { createAction } from '../../actions/create-action.ts';
import { newEntityText } from '../../actions/entity.ts';
import { toDateTime } from '../../lib/date-time.ts';
import { systemTimers } from '../../lib/timers.ts';
import { createMetrics, type Metrics } from '../../observe/metrics.ts';
import { createHealthBoard, type HealthBoard } from '../../observe/provider-health.ts';
import { queries } from '../../store/queries.ts';
import type { ActionRow } from '../../store/rows.ts';
import { openSqliteStore } from '../../store/sql/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { anActionRow, anId } from '../../store/testing/an-action-row.ts';
import { createDispatcher, type DispatchedProvider, type Dispatcher } from '../dispatcher.ts';
import { startDispatcher, stopDispatcher } from '../run-dispatcher.ts';
import { wakeForNew } from '../run-turn.ts';
import type { Terms } from '../terms.ts';

/** One call as the product saw it. */
export interface SeenCall {
  readonly kind: 'apply' | 'release';
  readonly tenantId: string;
  readonly target: string;
  readonly at: number;
}

/** A product of which a test says how it answers. It is not read back. */
export interface BenchProduct {
  readonly provider: DispatchedProvider;
  readonly calls: SeenCall[];
  underWay: number;
  mostUnderWay: number;
  answer: (call: SeenCall, signal: AbortSignal) => Answer | Promise<Answer>;
}

export const DONE: Answer = { kind: 'done', level: 'reported' };
export const DOWN: Answer = { kind: 'unavailable', message: 'There is nobody there.' };

const TRAITS: ConnectorTraits = {
  actions: [],
  verification: 'reported',
  idempotence: 'setlike',
  probe: 'none',
  seesForeign: false,
  keepsTime: false,
  maxLatenessMs: 0,
  timeoutMs: 1_000,
  limits: { concurrency: 8 },
  simulated: true,
};

function termsOf(name: string, traits: ConnectorTraits): Terms {
  return {
    provider: name,
    probes: false,
    seesForeign: false,
    keepsTime: false,
    repeats: true,
    verification: 'reported',
    latenessMs: 0,
    timeoutMs: traits.timeoutMs,
    deadlineMs: 86_400_000,
    verifyEveryMs: null,
    lists: false,
    irreversible: [],
  };
}

export function createBenchProduct(name: string, limits: Partial<ConnectorTraits['limits']> = {}): BenchProduct {
  const traits = { ...TRAITS, limits: { ...TRAITS.limits, ...limits } };
  const ask =
    (kind: SeenCall['kind']) =>
    async (call: Call, signal: AbortSignal): Promise<Answer> => {
      const { kind: targetKind, value } = call.target;
      const seen = { kind, tenantId: call.tenantId, target: `${targetKind}:${value}`, at: Date.now() };
      product.calls.push(seen);
      product.underWay += 1;
      product.mostUnderWay = Math.max(product.mostUnderWay, product.underWay);
      try {
        return await product.answer(seen, signal);
      } finally {
        product.underWay -= 1;
      }
    };
  const connector: Connector = { traits, apply: ask('apply'), release: ask('release'), close: async () => undefined };
  const product: BenchProduct = {
    provider: { key: name, terms: termsOf(name, traits), connector, tenants: undefined, reconcileEveryMs: undefined },
    calls: [],
    underWay: 0,
    mostUnderWay: 0,
    answer: () => DONE,
  };
  return product;
}

/** A dispatcher at work on a store of its own. */
export interface DispatchBench {
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly health: HealthBoard;
  readonly metrics: Metrics;
  readonly faults: unknown[];
  /** Units of work that were run. */
  readonly units: string[];
  close(): Promise<void>;
}

function counting(store: Store, units: string[]): Store {
  return {
    ...store,
    run: (tenantId, unit, args, options) => {
      units.push(unit.name);
      return store.run(tenantId, unit, args, options);
    },
  };
}

export async function openDispatchBench(products: readonly BenchProduct[]): Promise<DispatchBench> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-outage-'));
  const opened = await openSqliteStore({ folder, entry: new URL('./dispatch-thread.ts', import.meta.url) });
  const units: string[] = [];
  const store = counting(opened, units);
  const [health, metrics, faults] = [createHealthBoard(), createMetrics(), [] as unknown[]];
  const dispatcher = createDispatcher({
    store,
    providers: products.map(({ provider }) => provider),
    refusalFor: () => undefined,
    health,
    metrics,
    timers: systemTimers,
    random: () => 0.1,
    onFault: (error) => faults.push(error),
    onAlarms: () => undefined,
  });
  await startDispatcher(dispatcher);
  const close = async (): Promise<void> => {
    await stopDispatcher(dispatcher, 6_000);
    await opened.close();
    rmSync(folder, { recursive: true });
  };
  return { store, dispatcher, health, metrics, faults, units, close };
}

export interface Wanted {
  readonly tenantId: string;
  readonly provider: string;
  readonly target: string;
  readonly ttlMs?: number;
}

const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };

/** Asks for an action, as a POST does. @returns its id */
export async function ask(bench: DispatchBench, wanted: Wanted): Promise<string> {
  const { tenantId, provider, target, ttlMs = 3_600_000 } = wanted;
  const [id, now] = [anId(), Date.now()];
  const entity = newEntityText({
    id,
    createdAt: now,
    caller: { appId: 'app', tenantId, user: null },
    sent: {
      actionReason: null,
      clientContext: null,
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: target.slice(3) }],
      vendorInformation: null,
      extensions: {},
    },
    provider,
    action: 'BlockIp',
    target,
    verification: 'reported',
    simulated: true,
    expiresAt: null,
  });
  const deadline = now + 86_400_000;
  const times = { deadline_at: deadline, start_at: now, end_at: deadline, ttl_ms: ttlMs };
  const row = anActionRow({ id, created_at: toDateTime(now), provider, target, entity, ...times });
  await bench.store.run(tenantId, createAction, { row, origin: ORIGIN });
  wakeForNew(bench.dispatcher, tenantId);
  return id;
}

export async function rowOf(bench: DispatchBench, tenantId: string, id: string): Promise<ActionRow | undefined> {
  const [row] = await bench.store.read(tenantId, queries.actionById({ id }));
  return row;
}
