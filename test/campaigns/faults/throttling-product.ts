import type { Fault } from './fault.ts';
import { runLimited } from './limited-product.ts';
import { type Neighbour, runBeside } from './neighbours.ts';

/** So many calls it takes; then it asks for so long a pause, and refuses all that comes within. */
const TAKEN = 30;
const PAUSE_S = 3;
/** What may be under way at once, as the webhook connector declares it: that comes after the first refusal all the same. */
const UNDER_WAY = 16;

function aNeighbour(): Neighbour {
  let [taken, refusedUntil, pauses] = [0, 0, 0];
  const refusedIn: number[] = [];
  return {
    name: 'strict',
    settings: '',
    manner: (received, receiver) => {
      const now = Date.now();
      if (now >= refusedUntil && taken < TAKEN) {
        taken += 1;
        return receiver.obey(received);
      }
      if (now >= refusedUntil) {
        [refusedUntil, pauses, taken] = [now + PAUSE_S * 1_000, pauses + 1, 0];
      }
      refusedIn[pauses] = (refusedIn[pauses] ?? 0) + 1;
      return { status: 429, headers: { 'Retry-After': String(Math.ceil((refusedUntil - now) / 1_000)) } };
    },
    judge: (receiver) => {
      const most = Math.max(0, ...refusedIn.filter((count) => count !== undefined));
      const refused = refusedIn.reduce((sum, count) => sum + count, 0);
      const share = ((100 * refused) / receiver.received.length).toFixed(1);
      return [
        {
          promise: 'into a pause that it asked for come only calls that were under way',
          broken: most > UNDER_WAY || pauses === 0 ? `${most} in one of ${pauses}` : undefined,
          seen: `${pauses} pauses, at most ${most} calls into one; ${refused} of ${receiver.received.length} calls refused (${share} %)`,
        },
      ];
    },
  };
}

/**
 * A product answers 429 with Retry-After again and again, and nobody knows when; another beside it is fine. Of a third the
 * limit is known.
 */
export const throttlingProduct: Fault = {
  name: 'throttling-product',
  cases: { long: 20, short: 1 },
  run: async (fault) => (await Promise.all([runBeside(fault, aNeighbour()), runLimited()])).flat(),
};
