import { expect, it } from 'vitest';
import { type Bound, createSlots, type Slot, waitForSlots } from './slots.ts';

/** A deliverer whose deliveries end when the test says so. */
function aCrowd() {
  const slots = createSlots();
  const under = new Map<string, Slot>();
  const begun: string[] = [];
  const begin = ({ id }: Bound, slot: Slot): boolean => {
    if (under.has(id)) return false;
    under.set(id, slot);
    begun.push(id);
    return true;
  };
  let number = 0;
  const come = (tenantId: string, host: string, count = 1, isSlow = false, apps = ['one', 'other']): void => {
    const bounds = Array.from({ length: count }, () => {
      number += 1;
      const appId = apps[number % apps.length] ?? '';
      return { tenantId, appId, host: host.replace('#', String(number)), isSlow, id: `${tenantId}${number}` };
    });
    waitForSlots(slots, bounds, begin);
  };
  const end = (id: string): void => {
    const slot = under.get(id);
    under.delete(id);
    slot?.giveBack();
  };
  const slowDown = (id: string): void => under.get(id)?.slowDown();
  const underWayOf = (tenantId: string): number => [...under.keys()].filter((id) => id.startsWith(tenantId)).length;
  return { come, end, slowDown, begun, under, underWayOf };
}

it('gives a host four slots over all tenants, and leaves the others theirs', () => {
  const { come, underWayOf } = aCrowd();
  come('a', 'one', 3);
  come('b', 'one', 3);
  come('b', 'two');
  expect([underWayOf('a'), underWayOf('b')]).toEqual([3, 2]);
});

it('gives a tenant eight slots, whatever its hosts, and leaves the others theirs', () => {
  const { come, underWayOf } = aCrowd();
  come('a', 'host#', 100);
  come('b', 'host#', 3);
  expect([underWayOf('a'), underWayOf('b')]).toEqual([8, 3]);
});

it('keeps receivers that are slow or failed apart from those that answer', () => {
  const { come, underWayOf, under } = aCrowd();
  for (let tenant = 0; tenant < 10; tenant += 1) come(`s${tenant}-`, 'dead#', 10, true);
  expect([under.size, underWayOf('s0-')]).toEqual([16, 4]);
  come('s0-', 'alive');
  expect(underWayOf('s0-')).toBe(5);
});

it('gives a slot that is free again to the tenant that has waited longest, and not to the one that had it', () => {
  const { come, end, begun, under } = aCrowd();
  for (const tenant of ['a', 'b', 'c', 'd']) come(tenant, 'host#', 8);
  expect(under.size).toBe(32);
  come('e', 'host#', 2);
  come('f', 'host#', 2);
  const before = begun.length;
  for (const id of ['a1', 'a2', 'a3', 'a4']) {
    come('a', 'host#');
    end(id);
  }
  expect(begun.slice(before).map((id) => id[0])).toEqual(['e', 'f', 'a', 'e']);
});

it('gives on the slot of one that is under way already', () => {
  const { come, end, begun } = aCrowd();
  come('a', 'one', 4);
  come('b', 'one', 1);
  expect(begun).toHaveLength(4);
  end('a2');
  expect(begun.at(-1)).toBe('b5');
});

it('leaves two slots of a tenant to its other applications, and lets them take turns', () => {
  const { come, begun, end } = aCrowd();
  come('a', 'dead#', 20, false, ['hanging']);
  expect(begun).toHaveLength(6);
  come('a', 'alive#', 3, false, ['healthy']);
  expect(begun.slice(6)).toEqual(['a21', 'a22']);
  end('a1');
  expect(begun.at(-1), 'the one that has the fewest').toBe('a23');
});

it('gives the place of one that takes its time to others', () => {
  const { come, begun, slowDown } = aCrowd();
  for (const tenant of ['a', 'b', 'c', 'd']) come(tenant, 'dead#', 8);
  come('e', 'alive');
  expect(begun).toHaveLength(32);
  slowDown('a1');
  expect(begun.at(-1)).toBe('e33');
  come('e', 'dead#', 4, true);
  expect(begun, 'the slow have theirs').toHaveLength(37);
});

it('counts one that takes its time for its host until it ends', () => {
  const { come, begun, slowDown, end } = aCrowd();
  come('a', 'one', 4);
  come('b', 'one');
  slowDown('a1');
  expect(begun).toHaveLength(4);
  end('a1');
  expect(begun.at(-1)).toBe('b5');
});
