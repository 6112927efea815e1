import { Refusal } from '../packages/server/src/errors.ts';
import { parseFilter } from '../packages/server/src/odata/filter/parse-filter.ts';
import { randomFilter } from '../packages/server/src/odata/filter/testing/random-filter.ts';
import { type RandomSource, randomSource } from '../packages/server/src/odata/filter/testing/random-source.ts';

const SLOWEST_MS = 5;
const PIECES = [
  '(',
  ')',
  "'",
  ',',
  ' ',
  ' eq ',
  ' and ',
  'not ',
  '-',
  '/',
  '@',
  '$it',
  ':',
  '{',
  '[',
  '\u{1f600}',
  '\0',
  '9',
];

/** A filter with a piece put in, taken out or doubled. */
function mutant(random: RandomSource, text: string): string {
  const at = random.below(text.length + 1);
  const piece = PIECES[random.below(PIECES.length)] ?? '';
  const kept = at + random.below(3);
  return `${text.slice(0, at)}${random.below(2) === 0 ? piece : ''}${text.slice(random.below(8) === 0 ? 0 : kept)}`;
}

/** Refused or read; anything else that is thrown ends the campaign, with the filter. */
function read(text: string): boolean {
  try {
    parseFilter(text);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw new Error(JSON.stringify(text), { cause: error });
  }
}

/** In time of the processor, the fastest of three: a pause of the machine is no slowness of the parser. */
function isSlow(text: string): boolean {
  const times = [1, 2, 3].map(() => {
    const start = process.threadCpuUsage();
    read(text);
    const { user, system } = process.threadCpuUsage(start);
    return (user + system) / 1_000;
  });
  return Math.min(...times) > SLOWEST_MS;
}

/**
 * Reads generated filters, every second one of them damaged.
 * @returns how many were accepted
 * @throws where one is neither read nor refused, or takes longer than 5 ms
 */
export function readFilters(count: number, seed: number): number {
  const random = randomSource(seed);
  let accepted = 0;
  for (let done = 0; done < count; done += 1) {
    const filter = randomFilter(random);
    const text = done % 2 === 0 ? filter : mutant(random, filter);
    const start = performance.now();
    if (read(text)) accepted += 1;
    if (performance.now() - start > SLOWEST_MS && isSlow(text)) {
      throw new Error(`Slower than ${SLOWEST_MS} ms: ${JSON.stringify(text)}`);
    }
  }
  return accepted;
}
