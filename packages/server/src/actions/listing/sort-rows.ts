import { ENFORCEMENT_STATES, OPERATION_STATUSES } from '@interdict/contract';
import type { OrderKey } from '../../odata/order-by.ts';
import type { SortRow } from '../../store/walk.ts';

type Key = SortRow['keys'][number];

/** Members of an enumeration come in the order of their values. */
const RANKS: Readonly<Record<string, readonly string[]>> = {
  status: OPERATION_STATUSES,
  'enforcement/state': ENFORCEMENT_STATES,
};

const pointsOf = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0) ?? 0);

/** By code points, as both databases compare bytes of UTF-8: no locale, no case. */
export function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  // Only behind a surrogate do code units and code points differ in order.
  if (!/[\ud800-\uffff]/.test(one + other)) return one < other ? -1 : 1;
  const [ones, others] = [pointsOf(one), pointsOf(other)];
  const at = ones.findIndex((point, index) => point !== others[index]);
  if (at < 0) return -1;
  return (ones[at] ?? 0) - (others[at] ?? -1);
}

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

/** Puts rows in order; the id, in the direction of the last key, breaks ties. */
export function sortRows(rows: readonly SortRow[], order: readonly OrderKey[]): readonly SortRow[] {
  const ranked = rows.map(({ id, keys }) => ({
    id,
    keys: keys.map((value, index) => {
      const ranks = RANKS[order[index]?.path ?? ''];
      return ranks ? rankOf(value, ranks) : value;
    }),
  }));
  const lastDescends = order.at(-1)?.isDescending ?? true;
  return ranked.sort((one, other) => {
    for (const [index, { isDescending }] of order.entries()) {
      const compared = compareKeys(one.keys[index] ?? null, other.keys[index] ?? null);
      if (compared !== 0) return isDescending ? -compared : compared;
    }
    const compared = compareTexts(one.id, other.id);
    return lastDescends ? -compared : compared;
  });
}
