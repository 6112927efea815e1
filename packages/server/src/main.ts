import { flushCompileCache } from 'node:module';
import { armConfigured } from './arm-failpoints.ts';
import { assembleApp, type Readiness } from './assemble-app.ts';
import { assembleDeliverer } from './assemble-notify.ts';
import { assembleRetention } from './assemble-retention.ts';
import { banner } from './banner.ts';
import { chooseCertificate } from './choose-certificate.ts';
import { type Config, loadConnectors, readConfig } from './config.ts';
import { createDispatcher, type Dispatcher } from './dispatch/dispatcher.ts';
import { startDispatcher } from './dispatch/run-dispatcher.ts';
import { listen } from './http/listen.ts';
import { ROUTES } from './http/routes.ts';
import { createServer } from './http/server.ts';
import { failpoint } from './lib/failpoint.ts';
import { systemTimers } from './lib/timers.ts';
import { onChange, startDeliverer } from './notify/run-deliverer.ts';
import { createLog, type Log } from './observe/log.ts';
import { openMetricsServer } from './observe/metrics.ts';
import { openParts, type Parts } from './open-parts.ts';
import { type Running, stopOnSignal } from './shut-down.ts';
import { toStartFault } from './start-fault.ts';
import { tellAlarms } from './tell-alarms.ts';

function openDispatcher(parts: Parts): Dispatcher {
  const { store, providers, protection, health, log, metrics } = parts;
  return createDispatcher({
    store,
    providers: providers.map(({ dispatched }) => dispatched),
    refusalFor: protection.refusalFor,
    health,
    metrics,
    timers: systemTimers,
    random: Math.random,
    onFault: (error) => log.error({ err: error }, 'The dispatcher met a fault; it goes on.'),
    onAlarms: tellAlarms(parts),
  });
}

async function start(config: Config, log: Log): Promise<Running> {
  armConfigured(config, log);
  const parts = await openParts(config, log);
  failpoint('start.storeOpen');
  const dispatcher = openDispatcher(parts);
  parts.bell.dispatcher = dispatcher;
  const deliverer = assembleDeliverer(parts);
  const readiness: Readiness = { isReady: false };
  const app = assembleApp(parts, dispatcher, deliverer, readiness);
  const listening = await listen(app, createServer(app, ROUTES), {
    http: { address: config.httpAddress, port: config.httpPort },
    https: { address: config.tlsAddress, port: config.tlsPort },
    certificate: await chooseCertificate(config),
  });
  if (config.metricsPort !== undefined) await openMetricsServer(parts.metrics, config.metricsPort);
  failpoint('start.listening');
  // A process that is killed leaves behind what it has compiled too: no start is waited for like the one after it.
  flushCompileCache();
  await startDispatcher(dispatcher);
  parts.commits.watchAll((tenantId) => onChange(deliverer, tenantId));
  startDeliverer(deliverer);
  const retention = assembleRetention(parts);
  readiness.isReady = true;
  failpoint('start.ready');
  return { parts, dispatcher, deliverer, retention, listening, readiness };
}

async function main(): Promise<void> {
  const log = createLog('info');
  const config = readConfig(await loadConnectors());
  const running = await start(config, log);
  stopOnSignal(running, log);
  const { httpPort, httpsPort } = running.listening;
  console.log(
    banner({
      httpPort,
      httpsPort,
      dataFolder: config.dataFolder,
      isLocal: config.isLocal,
      database: config.databaseUrl ? 'PostgreSQL' : 'SQLite',
      providers: config.providers.map(({ name }) => name),
      hasBlocklist: config.providers.some(({ name }) => name === 'blocklist'),
    }),
  );
}

main().catch((error: unknown) => {
  console.error(toStartFault(error));
  process.exit(1);
});
