import { setImmediate as turn } from 'node:timers/promises';
import { ENFORCEMENT_STATES, OPERATION_STATUSES } from '@interdict/contract';
import { inCodePoints } from '../../lib/compare-texts.ts';
import type { OrderKey } from '../../odata/order-by.ts';
import type { SortRow } from '../../store/walk.ts';

type Key = SortRow['keys'][number];

/** Members of an enumeration come in the order of their values. */
const RANKS: Readonly<Record<string, readonly string[]>> = {
  status: OPERATION_STATUSES,
  'enforcement/state': ENFORCEMENT_STATES,
};

function compareKeys(one: Key, other: Key): number {
  if (one === other) return 0;
  // Null is less than anything.
  if (one === null) return -1;
  if (other === null) return 1;
  if (typeof one === 'string' && typeof other === 'string') return one < other ? -1 : 1;
  return Number(one) - Number(other);
}

const rankOf = (value: Key, ranks: readonly string[]): Key => {
  const rank = ranks.indexOf(String(value));
  return rank < 0 ? null : rank;
};

/** Members of an enumeration by their ranks, texts so that their units compare as their code points do. */
const comparable = ({ id, keys }: SortRow, order: readonly OrderKey[]): SortRow => ({
  id,
  keys: keys.map((value, index) => {
    const ranks = RANKS[order[index]?.path ?? ''];
    if (ranks) return rankOf(value, ranks);
    return typeof value === 'string' ? inCodePoints(value) : value;
  }),
});

const turned = (compared: number, isDescending: boolean): number => (isDescending ? -compared : compared);

type Compare = (one: SortRow, other: SortRow) => number;

function comparing(order: readonly OrderKey[]): Compare {
  const lastDescends = order.at(-1)?.isDescending ?? true;
  return (one, other) => {
    for (const [index, { isDescending }] of order.entries()) {
      const compared = compareKeys(one.keys[index] ?? null, other.keys[index] ?? null);
      if (compared !== 0) return turned(compared, isDescending);
    }
    return turned(one.id < other.id ? -1 : 1, lastDescends);
  };
}

/** So many are put in order at once: long texts that begin alike take some milliseconds. */
const RUN = 500;
const SLICE_MS = 10;

async function* merged(
  one: readonly SortRow[],
  other: readonly SortRow[],
  compare: Compare,
): AsyncGenerator<void, SortRow[]> {
  const all: SortRow[] = [];
  let [left, right] = [0, 0];
  let since = performance.now();
  while (left < one.length && right < other.length) {
    const [mine, theirs] = [one[left] as SortRow, other[right] as SortRow];
    if (compare(mine, theirs) <= 0) {
      all.push(mine);
      left += 1;
    } else {
      all.push(theirs);
      right += 1;
    }
    if (all.length % 64 === 0 && performance.now() - since > SLICE_MS) {
      yield;
      since = performance.now();
    }
  }
  return all.concat(one.slice(left), other.slice(right));
}

async function merge(one: readonly SortRow[], other: readonly SortRow[], compare: Compare): Promise<SortRow[]> {
  const steps = merged(one, other, compare);
  for (;;) {
    const step = await steps.next();
    if (step.done) return step.value;
    await turn();
  }
}

/** Puts rows in order, and lets others have their turn; the id, in the direction of the last key, breaks ties. */
export async function sortRows(rows: readonly SortRow[], order: readonly OrderKey[]): Promise<readonly SortRow[]> {
  const compare = comparing(order);
  let runs: (readonly SortRow[])[] = [];
  for (let from = 0; from < rows.length; from += RUN) {
    const run = rows.slice(from, from + RUN).map((row) => comparable(row, order));
    runs.push(run.sort(compare));
    await turn();
  }
  while (runs.length > 1) {
    const pairs: (readonly SortRow[])[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      const [one = [], other] = [runs[at], runs[at + 1]];
      pairs.push(other ? await merge(one, other, compare) : one);
    }
    runs = pairs;
  }
  return runs[0] ?? [];
}
