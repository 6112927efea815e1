import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PLACES, type WatchdogThread } from './watchdog.ts';

const REMEMBERED_MS = 10_000;
const STDERR = 2;

const { shared, lookEveryMs, longestMs } = workerData as WatchdogThread;
const places = new Int32Array(shared);

let heard = Atomics.load(places, PLACES.beat);
let looksWithout = 0;
/** How long the loop stood at each of the last looks; the oldest is overwritten. */
const stood = new Int32Array(Math.ceil(REMEMBERED_MS / lookEveryMs));
let looks = 0;

/** In the words of the log, past it: the thread that writes the log stands still. */
function end(ms: number): void {
  const line = { level: 'fatal', time: new Date().toISOString(), msg: `The event loop stood still for ${ms} ms.` };
  writeSync(STDERR, `${JSON.stringify(line)}\n`);
  process.kill(process.pid, 'SIGKILL');
}

setInterval(() => {
  const beat = Atomics.load(places, PLACES.beat);
  // One look without a beat is the usual case where both have the same period.
  looksWithout = beat === heard ? looksWithout + 1 : 0;
  heard = beat;
  const ms = Math.max(0, looksWithout - 1) * lookEveryMs;
  stood[looks % stood.length] = ms;
  looks += 1;
  Atomics.store(places, PLACES.worstMs, Math.max(...stood));
  if (ms > longestMs) end(ms);
}, lookEveryMs);
parentPort?.postMessage('looks');
