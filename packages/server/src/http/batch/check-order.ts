import type { BatchItem } from './read-item.ts';
import { refuse, shown } from './refuse-batch.ts';

type Named = Pick<BatchItem, 'id' | 'key' | 'dependsOn'>;

function refuseUnknown(items: readonly Named[], known: ReadonlySet<string>): void {
  for (const [index, { dependsOn }] of items.entries()) {
    const unknown = dependsOn.find((key) => !known.has(key));
    if (unknown === undefined) continue;
    const target = `requests/${index}/dependsOn`;
    throw refuse(
      'invalidProperty',
      target,
      `"${target}" names ${shown(unknown)}, which no request of the batch has as id.`,
    );
  }
}

/**
 * Every request can have its turn: what it depends on is in the batch, and nothing depends on itself, however far around.
 * @throws {Refusal} invalidProperty
 */
export function checkOrder(items: readonly Named[]): void {
  refuseUnknown(items, new Set(items.map(({ key }) => key)));
  const done = new Set<string>();
  let left = items;
  while (left.length > 0) {
    const free = left.filter(({ dependsOn }) => dependsOn.every((key) => done.has(key)));
    if (free.length === 0) {
      const ids = left.map(({ id }) => shown(id)).join(', ');
      throw refuse(
        'invalidProperty',
        'requests',
        `These requests wait for each other, in a circle or behind one: ${ids}.`,
      );
    }
    for (const { key } of free) done.add(key);
    left = left.filter(({ key }) => !done.has(key));
  }
}
