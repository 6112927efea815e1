/** A process with a watchdog whose event loop stands still for as long as it is told to; then it says what was seen. */
import { setTimeout as delay } from 'node:timers/promises';
import { startWatchdog } from '../watchdog.ts';

const [standsMs = 0, longestMs = 0] = process.argv.slice(2).map(Number);
const SETTLE_MS = 500;

const watchdog = startWatchdog({ lookEveryMs: 50, longestMs, onFault: console.error });
const alive = setInterval(() => undefined, 1_000);
await watchdog.begun;
await delay(SETTLE_MS);
console.log('stands');
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, standsMs);
await delay(SETTLE_MS);
console.log(watchdog.worstMs());
clearInterval(alive);
await watchdog.close();
