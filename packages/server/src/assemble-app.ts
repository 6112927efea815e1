import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { assembleNotify } from './assemble-notify.ts';
import { createAgentDesk } from './dispatch/agent/agent-desk.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { breakOff, wake, wakeForNew } from './dispatch/run-turn.ts';
import type { App } from './http/app.ts';
import { diagnostic } from './http/headers.ts';
import { createLoad } from './http/load.ts';
import { describeApi } from './http/open-api.ts';
import { isServed, ROUTES } from './http/routes.ts';
import { createThrottle } from './http/throttle.ts';
import { systemClock } from './lib/clock.ts';
import { newId } from './lib/new-id.ts';
import { isDoneWithin, systemTimers } from './lib/timers.ts';
import type { Deliverer } from './notify/deliverer.ts';
import type { Parts } from './open-parts.ts';
import { tellAlarms } from './tell-alarms.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Whether the process is started, and not about to stop. */
export interface Readiness {
  isReady: boolean;
}

/** Whoever asks whether the server is ready does not wait for long, and takes silence for no. */
const READY_MS = 2_000;

/** What the requests work with. */
export function assembleApp(parts: Parts, dispatcher: Dispatcher, deliverer: Deliverer, readiness: Readiness): App {
  const { config, key, log, store, identity, feeds, streams, providers, protection, health, metrics, bell } = parts;
  return {
    actions: {
      store,
      providers: providers.map(({ provider }) => provider),
      refusalFor: protection.refusalFor,
      asksApprovals: !config.isLocal,
      clock: store.clock,
      timers: systemTimers,
      newId,
      health,
      keysInFlight: new Map(),
      fetches: new Set(),
      onAlarms: tellAlarms(parts),
      onCreated: (tenantId) => {
        if (bell.dispatcher) wakeForNew(bell.dispatcher, tenantId);
      },
      onEnded: (tenantId, release) => {
        if (release !== undefined) store.hints?.tell(tenantId, 'ended');
        if (!bell.dispatcher) return;
        if (release !== undefined) breakOff(bell.dispatcher, release);
        wake(bell.dispatcher, tenantId);
      },
    },
    agents: createAgentDesk(dispatcher, parts.commits),
    feeds,
    streams,
    notify: assembleNotify(parts, deliverer),
    authenticator: identity.authenticator,
    feedKeys: identity.feedKeys,
    clock: systemClock,
    tokenSecret: key.derive('page tokens', 32),
    publicUrl: config.publicUrl,
    isTrustedProxy: (address) => config.trustedProxies.includes(address.replace(/^::ffff:/, '')),
    isOpen: () => readiness.isReady,
    checkReady: async () => {
      parts.loop.check();
      if (!(await isDoneWithin(READY_MS, store.ping()))) {
        throw new Error(`The store did not answer within ${READY_MS} ms.`);
      }
    },
    apiDescription: JSON.stringify(describeApi(ROUTES.filter(isServed), version)),
    diagnostic: diagnostic(`interdict-${randomUUID().slice(0, 8)}`),
    metrics,
    throttle: createThrottle(config.requestLimits, systemClock),
    load: createLoad(metrics),
    corsOrigins: config.corsOrigins,
    onFault: (error, requestId, traceId) => log.error({ err: error, requestId, traceId }, 'A request failed.'),
  };
}
