import { ENFORCEMENT_STATES, OPERATION_STATUSES } from '@interdict/contract';
import { compareTexts } from '../../lib/compare-texts.ts';
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
  if (typeof one === 'string' && typeof other === 'string') return compareTexts(one, other);
  return Number(one) - Number(other);
}

const rankOf = (value: Key, ranks: readonly string[]): Key => {
  const rank = ranks.indexOf(String(value));
  return rank < 0 ? null : rank;
};

const ranked = ({ id, keys }: SortRow, order: readonly OrderKey[]): SortRow => ({
  id,
  keys: keys.map((value, index) => {
    const ranks = RANKS[order[index]?.path ?? ''];
    return ranks ? rankOf(value, ranks) : value;
  }),
});

const turned = (compared: number, isDescending: boolean): number => (isDescending ? -compared : compared);

/** Puts rows in order; the id, in the direction of the last key, breaks ties. */
export function sortRows(rows: readonly SortRow[], order: readonly OrderKey[]): readonly SortRow[] {
  const lastDescends = order.at(-1)?.isDescending ?? true;
  return rows
    .map((row) => ranked(row, order))
    .sort((one, other) => {
      for (const [index, { isDescending }] of order.entries()) {
        const compared = compareKeys(one.keys[index] ?? null, other.keys[index] ?? null);
        if (compared !== 0) return turned(compared, isDescending);
      }
      return turned(compareTexts(one.id, other.id), lastDescends);
    });
}
