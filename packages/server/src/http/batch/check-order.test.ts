import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkOrder } from './check-order.ts';

const named = (dependsOn: readonly (readonly number[])[]) =>
  dependsOn.map((on, at) => ({ id: `${at}`, key: `${at}`, dependsOn: on.map(String) }));

/** Whether following what comes before ever leads back, looked for from each in turn. */
function hasCircle(dependsOn: readonly (readonly number[])[]): boolean {
  const leadsTo = (from: number, to: number, seen: Set<number>): boolean =>
    (dependsOn[from] ?? []).some((next) => next === to || (!seen.has(next) && leadsTo(next, to, seen.add(next))));
  return dependsOn.some((_, at) => leadsTo(at, at, new Set()));
}

it('lets pass what has no circle, and nothing else', () => {
  const graphs = fc
    .integer({ min: 1, max: 8 })
    .chain((count) =>
      fc.array(fc.uniqueArray(fc.nat(count - 1), { maxLength: 3 }), { minLength: count, maxLength: count }),
    );
  const seen = { circle: 0, none: 0 };
  fc.assert(
    fc.property(graphs, (dependsOn) => {
      if (hasCircle(dependsOn)) {
        seen.circle += 1;
        expect(() => checkOrder(named(dependsOn))).toThrow(/in a circle/);
      } else {
        seen.none += 1;
        checkOrder(named(dependsOn));
      }
    }),
    { numRuns: 500 },
  );
  expect(Math.min(seen.circle, seen.none)).toBeGreaterThan(20);
});

it('names what is unknown', () => {
  expect(() => checkOrder(named([[], [7]]))).toThrow('"requests/1/dependsOn" names "7"');
});
