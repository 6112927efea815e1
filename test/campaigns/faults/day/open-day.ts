import type { ConnectorKind } from '../../../../packages/connectors/src/connector-kind.ts';
import type { PostDeps } from '../../../../packages/server/src/actions/post-action.ts';
import { assembleProviders } from '../../../../packages/server/src/assemble-providers.ts';
import { plainProvider } from '../../../../packages/server/src/config/provider-config.ts';
import { createDispatcher, type DispatcherDeps } from '../../../../packages/server/src/dispatch/dispatcher.ts';
import { startDispatcher } from '../../../../packages/server/src/dispatch/run-dispatcher.ts';
import { breakOff, wake, wakeForNew } from '../../../../packages/server/src/dispatch/run-turn.ts';
import { seededRandom } from '../../../../packages/server/src/dispatch/testing/seeded-random.ts';
import { newId } from '../../../../packages/server/src/lib/new-id.ts';
import { createHealthBoard } from '../../../../packages/server/src/observe/provider-health.ts';
import { openDatabase, type SimDatabase } from '../../../sim/database.ts';
import { createTime, happen, leapTo, nextAt, settle, timersOf, type VirtualTime } from '../../../sim/virtual-time.ts';
import { createDayProduct, type DayProduct } from './day-product.ts';
import { openDayStore } from './day-store.ts';

/** One process with its store and two products, in virtual time. */
export interface Day {
  readonly time: VirtualTime;
  readonly random: () => number;
  readonly database: SimDatabase;
  readonly away: DayProduct;
  readonly fine: DayProduct;
  readonly actions: PostDeps;
  /** What the process logged. */
  readonly faults: unknown[];
  /** Lets everything happen that comes before that time. */
  passUntil(at: number): Promise<void>;
}

const HOUR_MS = 3_600_000;
/** Nobody's patience ends in a day of outage; what has an end of its own is another thing. */
const DEADLINE_MS = 72 * HOUR_MS;

const configOf = (product: DayProduct): ReturnType<typeof plainProvider> => {
  const configSchema = { properties: {} };
  const kind: ConnectorKind = { name: product.name, configSchema, secretKeys: [], open: () => product.connector };
  return { ...plainProvider(product.name, kind), deadlineMs: DEADLINE_MS };
};

/** Passes over rounds of the dispatcher that would find nothing. */
function leap(time: VirtualTime, database: SimDatabase, until: number): void {
  const due = database.prepare('select min(due_at) at from tenant').get()?.at;
  leapTo(time, Math.min(until, nextAt(time), due === null || due === undefined ? until : Number(due)));
}

export async function openDay(seed: number, perMinute: number): Promise<Day> {
  const [time, random, database] = [createTime(), seededRandom(seed), openDatabase()];
  // Nobody checks each commit here.
  database.engine.db.exec('drop trigger temp.t1; drop trigger temp.t2; drop trigger temp.t3');
  const now = (): number => time.now;
  Object.assign(database.source, { now, newId });
  const [away, fine] = [
    createDayProduct({ time, random }, 'away', perMinute),
    createDayProduct({ time, random }, 'fine'),
  ];
  const { store, groups } = openDayStore(database, now);
  const feeds = { holdersOf: () => Promise.reject(new Error('There are no feeds.')) };
  const assembled = assembleProviders([away, fine].map(configOf), { feeds }, false);
  const shared = {
    ...{ store, refusalFor: () => undefined, clock: { now }, health: createHealthBoard(), onAlarms: () => undefined },
    timers: timersOf(time, (run) => run()),
  } satisfies Partial<DispatcherDeps>;
  const faults: unknown[] = [];
  const dispatcher = createDispatcher({
    ...shared,
    random,
    providers: assembled.map(({ dispatched }) => dispatched),
    metrics: { attempt: () => undefined, providerUp: () => undefined, breaker: () => undefined },
    onFault: (error) => faults.push(error),
  });
  const actions: PostDeps = {
    ...shared,
    ...{ newId, asksApprovals: false, keysInFlight: new Map(), fetches: new Set() },
    providers: assembled.map(({ provider }) => provider),
    onCreated: (tenantId) => wakeForNew(dispatcher, tenantId),
    onEnded: (tenantId, release) => {
      if (release !== undefined) breakOff(dispatcher, release);
      wake(dispatcher, tenantId);
    },
  };
  const settled = (): Promise<void> => settle(() => groups.armed);
  const passUntil = async (at: number): Promise<void> => {
    for (;;) {
      leap(time, database, at);
      const next = time.coming.at(-1);
      if (!next || next.at > at) break;
      happen(time);
      await settled();
    }
    time.now = Math.max(time.now, at);
  };
  await startDispatcher(dispatcher);
  await settled();
  return { time, random, database, away, fine, actions, faults, passUntil };
}
