import { expect, it } from 'vitest';
import { type Bound, createSlots, waitForSlots } from './slots.ts';

/** A deliverer whose deliveries end when the test says so. */
function aCrowd() {
  const slots = createSlots();
  const under = new Map<string, () => void>();
  const begun: string[] = [];
  const begin = ({ id }: Bound, giveBack: () => void): boolean => {
    if (under.has(id)) return false;
    under.set(id, giveBack);
    begun.push(id);
    return true;
  };
  let number = 0;
  const come = (tenantId: string, host: string, count = 1, isSlow = false): void => {
    const bounds = Array.from({ length: count }, () => {
      number += 1;
      return { tenantId, host: host.replace('#', String(number)), isSlow, id: `${tenantId}${number}` };
    });
    waitForSlots(slots, bounds, begin);
  };
  const end = (id: string): void => {
    const giveBack = under.get(id);
    under.delete(id);
    giveBack?.();
  };
  const underWayOf = (tenantId: string): number => [...under.keys()].filter((id) => id.startsWith(tenantId)).length;
  return { come, end, begun, under, underWayOf };
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
