import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { queries } from '../queries.ts';
import type { Store } from '../store.ts';
import { anActionRow } from './an-action-row.ts';
import { addAction, appendToEntity, removeAction, tellOf } from './test-units.ts';

/** What every store promises to those who follow the journal. */
export function describeChanges(theStore: () => Store): void {
  it('shows nobody an entry of the journal before an earlier one, nor an action older than its entry', async () => {
    const store = theStore();
    const tenant = randomUUID();
    const row = anActionRow({ entity: '' });
    await store.run(tenant, addAction, row);
    let isWriting = true;
    const faults: string[] = [];
    let [position, looks] = [1, 0];
    const look = async (): Promise<void> => {
      const changes = await store.read(tenant, queries.changesAfter({ sequence: position, limit: 1_000 }));
      const isNext = changes.every(({ sequence }, index) => sequence === position + index + 1);
      if (!isNext) faults.push(`behind ${position}: ${changes.map(({ sequence }) => sequence).join()}`);
      position += changes.length;
      const [found] = await store.read(tenant, queries.entityById({ id: row.id }));
      // One letter an entry.
      const letters = found?.entity.length ?? 0;
      if (letters < position - 1) faults.push(`at ${position}: ${letters} letters`);
      looks += 1;
    };
    const follow = async (): Promise<void> => {
      while (isWriting || position < 401) await look();
    };
    const following = follow();
    const write = async (letter: string): Promise<void> => {
      for (let round = 0; round < 50; round += 1) await store.run(tenant, appendToEntity, { id: row.id, text: letter });
    };
    await Promise.all([...'abcdefgh'].map(write));
    isWriting = false;
    await following;
    expect(faults).toEqual([]);
    expect(position).toBe(401);
    expect(looks).toBeGreaterThan(5);
  });

  it('finds the actions that entries between two sequences changed, each once, and no other', async () => {
    const store = theStore();
    const [tenant, other] = [randomUUID(), randomUUID()];
    const [one, two, three, four] = [anActionRow(), anActionRow(), anActionRow(), anActionRow()];
    for (const row of [one, two, three, four]) await store.run(tenant, addAction, row);
    await store.run(other, addAction, two);
    await store.run(tenant, appendToEntity, { id: two.id, text: '!' });
    await store.run(tenant, tellOf, { actionId: four.id, type: 'for the audit alone' });
    await store.run(tenant, removeAction, { id: three.id });
    const found = await store.read(tenant, queries.changedEntities({ after: 1, until: 3 }));
    expect(found.map(({ id, entity }) => [id, entity])).toEqual([[two.id, `${two.entity}!`]]);
    const later = await store.read(tenant, queries.changedEntities({ after: 4, until: 6 }));
    expect(later.map(({ id }) => id)).toEqual([two.id]);
    expect(await store.read(other, queries.changedEntities({ after: 1, until: 9 }))).toEqual([]);
  });
}
