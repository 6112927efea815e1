/** 1,000 listeners of one tenant at 100 changes a second: `node --conditions=source test/campaigns/stream.ts [seconds]`. */
import { startServer } from '../server.ts';
import { runStreamLoad } from '../stream-load.ts';

const server = await startServer();
const load = { listeners: 1_000, changesPerSecond: 100, seconds: Number(process.argv[2] ?? 10) };
const { changes, events, incomplete, cutOff, cpuShare, latency99 } = await runStreamLoad(server, load);
console.log(
  `${load.listeners} listeners, ${load.changesPerSecond} changes/s for ${load.seconds} s: ${changes} changes, ` +
    `${events} events, ${incomplete} listeners incomplete, ${cutOff} cut off; ` +
    `the server took ${(cpuShare * 100).toFixed(0)} % of one core; 99 % within ${latency99.toFixed(0)} ms`,
);
await server.discard();
process.exitCode = incomplete === 0 ? 0 : 1;
