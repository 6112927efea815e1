import type { ConnectorKind } from '../../packages/connectors/src/connector-kind.ts';
import type { PostDeps } from '../../packages/server/src/actions/post-action.ts';
import { assembleProviders } from '../../packages/server/src/assemble-providers.ts';
import { plainProvider } from '../../packages/server/src/config/provider-config.ts';
import { createDispatcher } from '../../packages/server/src/dispatch/dispatcher.ts';
import { startDispatcher } from '../../packages/server/src/dispatch/run-dispatcher.ts';
import { breakOff, wake, wakeForNew } from '../../packages/server/src/dispatch/run-turn.ts';
import { createHealthBoard } from '../../packages/server/src/observe/provider-health.ts';
import { beginLife, deliver, type Life } from './life.ts';
import type { Product } from './product.ts';
import { connectorTo } from './product-connector.ts';
import { REPORTER } from './reporter.ts';
import { timersOf } from './virtual-time.ts';
import { openWorkerStore } from './worker-store.ts';
import type { Worker, World } from './world.ts';

function configOf(world: World, product: Product, worker: () => Worker, life: Life): ReturnType<typeof plainProvider> {
  const kind: ConnectorKind = {
    name: product.name,
    configSchema: { properties: {} },
    secretKeys: [],
    open: () => connectorTo(world, worker, product, life),
  };
  const { deadlineMs, verifyEveryMs } = world;
  return {
    ...plainProvider(product.name, kind),
    deadlineMs,
    verifyEveryMs,
    reporters: [REPORTER],
  };
}

/** Starts a process. What it does from here on follows from the store, its timers and what products answer. */
export function startWorker(world: World): Worker {
  world.started += 1;
  const name = `w${world.started}`;
  const life = beginLife();
  const { store, groups } = openWorkerStore(world, life, name);
  const timers = timersOf(world.time, (run) => deliver(life, run));
  const itself = (): Worker => worker;
  const feeds = { holdersOf: () => Promise.reject(new Error('There are no feeds.')) };
  const assembled = assembleProviders(
    world.products.map((product) => configOf(world, product, itself, life)),
    { feeds },
    false,
  );
  const health = createHealthBoard();
  const refusalFor = world.refusalFor;
  const onAlarms = (_: string, alarms: readonly unknown[]): void => {
    if (alarms.length > 0) world.say(`${name} raises ${alarms.length} alarm(s)`);
  };
  const dispatcher = createDispatcher({
    store,
    providers: assembled.map(({ dispatched }) => dispatched),
    refusalFor,
    health,
    metrics: { attempt: () => undefined, providerUp: () => undefined, breaker: () => undefined },
    timers,
    random: world.random,
    onFault: (error) => world.onFault(name, error),
    onAlarms,
  });
  const actions: PostDeps = {
    store,
    providers: assembled.map(({ provider }) => provider),
    refusalFor,
    asksApprovals: false,
    clock: store.clock,
    timers,
    newId: world.newId,
    health,
    keysInFlight: new Map(),
    fetches: new Set(),
    onAlarms,
    onCreated: (tenantId) => wakeForNew(dispatcher, tenantId),
    onEnded: (tenantId, release) => {
      if (release !== undefined) breakOff(dispatcher, release);
      wake(dispatcher, tenantId);
    },
  };
  const worker: Worker = { name, life, groups, dispatcher, actions };
  world.workers.push(worker);
  world.troubledAt = Math.max(world.troubledAt, world.time.now);
  world.say(`${name} starts`);
  startDispatcher(dispatcher).catch((error: unknown) => {
    // As main does: it ends, and whoever runs it starts another.
    world.onFault(name, error);
    if (life.state !== 'dead') kill(world, worker);
  });
  return worker;
}

/** It is gone: what it had sent lands, late, or never; nothing reaches it any more. */
export function end(world: World, worker: Worker, how: string): void {
  worker.life.state = 'dead';
  worker.life.held.length = 0;
  for (const flying of world.flying) {
    if (flying.worker !== worker) continue;
    flying.breakOff();
    world.flying.delete(flying);
  }
  world.workers.splice(world.workers.indexOf(worker), 1);
  world.killedAt = world.time.now;
  world.troubledAt = Math.max(world.troubledAt, world.time.now);
  world.say(`${worker.name} ${how}`);
}

/** SIGKILL. */
export const kill = (world: World, worker: Worker): void => end(world, worker, 'is killed');
