import { evaluate } from '../../../odata/filter/testing/reference-evaluator.ts';
import { searchedTexts } from '../../../odata/searched-texts.ts';
import type { ListWanted } from '../list-actions.ts';
import { naivelyHas } from './naive-search.ts';

type Plain = Readonly<Record<string, unknown>>;

const RANKS: Readonly<Record<string, readonly string[]>> = {
  status: ['NotStarted', 'Running', 'Completed', 'Failed'],
  'enforcement/state': [
    ...['none', 'awaitingApproval', 'scheduled', 'pending', 'unknown'],
    ...['inForce', 'drifted', 'releasing', 'released', 'releaseFailed'],
  ],
};

/** What compares as its path's values do: numbers, ranks, or texts by bytes of UTF-8. */
function keyOf(entity: Plain, path: string): number | Buffer | null {
  let value: unknown = entity;
  for (const name of path.split('/')) value = (value as Plain | null | undefined)?.[name];
  if (value === null || value === undefined) return null;
  const ranks = RANKS[path];
  if (ranks) return ranks.indexOf(String(value));
  if (typeof value === 'number') return value;
  // UTF-32, big end first: half a surrogate pair stays what it is.
  return Buffer.concat(
    Array.from(String(value), (character) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(character.codePointAt(0) ?? 0);
      return bytes;
    }),
  );
}

function compare(one: number | Buffer | null, other: number | Buffer | null): number {
  if (one === null || other === null) return Number(other === null) - Number(one === null);
  if (typeof one === 'number' || typeof other === 'number') return Number(one) - Number(other);
  return Buffer.compare(one, other);
}

/** The ids of a whole list as its definition says, with nothing of the code under test but the trees. */
export function naiveList(entities: readonly Plain[], { filter, words, order }: ListWanted, now: number): string[] {
  const keys = order.length > 0 ? [...order] : [{ path: 'createdDateTime', isDescending: true }];
  keys.push({ path: 'id', isDescending: keys.at(-1)?.isDescending ?? true });
  return entities
    .filter((entity) => filter === undefined || evaluate(filter, entity, now) === true)
    .filter((entity) => words === undefined || naivelyHas(words, searchedTexts(entity)))
    .map((entity) => ({ id: String(entity.id), values: keys.map(({ path }) => keyOf(entity, path)) }))
    .sort((one, other) => {
      for (const [index, { isDescending }] of keys.entries()) {
        const compared = compare(one.values[index] ?? null, other.values[index] ?? null);
        if (compared !== 0) return isDescending ? -compared : compared;
      }
      return 0;
    })
    .map(({ id }) => id);
}
