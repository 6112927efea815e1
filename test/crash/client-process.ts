import { createInterface } from 'node:readline';
import { openAppendLog } from './append-log.ts';
import { createClient, type Settings, work } from './client-work.ts';
import type { ClientOrder } from './records.ts';

/**
 * The recording client, as a process of its own: `client-process.ts SETTINGS` with JSON of {@link Settings}. It loads
 * the servers until `finish` comes on its input; then it repeats what has a key and no answer, and ends.
 */
const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
const log = openAppendLog(settings.history);
const client = createClient(settings, log);
const workers = Array.from({ length: settings.workers }, () => work(client));
console.log('ready');
const orders = createInterface({ input: process.stdin });
orders.on('line', (line) => {
  client.order = line as ClientOrder;
});
// The rig is gone.
orders.on('close', () => process.exit(1));
await Promise.all(workers);
log.close();
process.exit(0);
