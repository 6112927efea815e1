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

type Comparing = (one: SortRow, other: SortRow) => number;

function comparing(order: readonly OrderKey[]): Comparing {
  const lastDescends = order.at(-1)?.isDescending ?? true;
  return (one, other) => {
    for (const [index, { isDescending }] of order.entries()) {
      const compared = compareKeys(one.keys[index] ?? null, other.keys[index] ?? null);
      if (compared !== 0) return turned(compared, isDescending);
    }
    return turned(one.id < other.id ? -1 : 1, lastDescends);
  };
}

/** Rows that are sorted, or merged, in one turn of the event loop: some milliseconds. */
const SLICE = 500;

const letOthers = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

async function merged(one: readonly SortRow[], other: readonly SortRow[], compare: Comparing): Promise<SortRow[]> {
  const all: SortRow[] = [];
  let [left, right] = [0, 0];
  for (;;) {
    const [mine, theirs] = [one[left], other[right]];
    const next = mine && (!theirs || compare(mine, theirs) <= 0) ? mine : theirs;
    if (!next) return all;
    all.push(next);
    if (next === mine) left += 1;
    else right += 1;
    if (all.length % SLICE === 0) await letOthers();
  }
}

/** Puts rows in order, and lets others go on meanwhile. The id, in the direction of the last key, breaks ties. */
export async function sortRows(rows: readonly SortRow[], order: readonly OrderKey[]): Promise<readonly SortRow[]> {
  const compare = comparing(order);
  let runs: (readonly SortRow[])[] = [];
  for (let begin = 0; begin < rows.length; begin += SLICE) {
    const slice = rows.slice(begin, begin + SLICE);
    runs.push(slice.map((row) => comparable(row, order)).sort(compare));
    await letOthers();
  }
  while (runs.length > 1) {
    const longer: (readonly SortRow[])[] = [];
    for (let at = 0; at < runs.length; at += 2) longer.push(await merged(runs[at] ?? [], runs[at + 1] ?? [], compare));
    runs = longer;
  }
  return runs[0] ?? [];
}
