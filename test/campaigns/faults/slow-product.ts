import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import { type Neighbour, runBeside } from './neighbours.ts';

const ANSWERS_AFTER_MS = 29_000;

/** Half of the calls are answered just before their time-out, the others never. */
function aNeighbour(): Neighbour {
  let calls = 0;
  return {
    name: 'slow',
    settings: 'timeout: PT30S',
    manner: async (received, receiver) => {
      calls += 1;
      if (calls % 2 === 0) return 'hang';
      await delay(ANSWERS_AFTER_MS, undefined, { ref: false });
      return receiver.obey(received);
    },
    judge: (receiver) => [
      {
        promise: 'it was called as often as it takes calls at once',
        broken: receiver.received.length < 16 ? `${receiver.received.length} calls` : undefined,
        seen: `${receiver.received.length} calls`,
      },
    ],
  };
}

/** A product answers after half a minute, or never; another beside it is fine. */
export const slowProduct: Fault = {
  name: 'slow-product',
  cases: { long: 20, short: 1 },
  run: (fault) => runBeside(fault, aNeighbour()),
};
