import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** Asks a server for its health again and again, in a thread that nothing else holds up, and tells the longest answer. */
let [longest, isOver] = [0, false];
parentPort?.once('message', () => {
  isOver = true;
});

const ask = async (): Promise<number> => {
  const since = performance.now();
  await (await fetch(String(workerData))).text();
  return performance.now() - since;
};

// The first one loads what asks.
await ask();
parentPort?.postMessage('ready');
while (!isOver) {
  longest = Math.max(longest, await ask());
  await delay(2);
}
parentPort?.postMessage(longest);
