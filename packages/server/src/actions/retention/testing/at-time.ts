import { newId } from '../../../lib/new-id.ts';
import type { Store } from '../../../store/store.ts';
import { type AnyUnit, all, type Query, type UnitContext, unit } from '../../../store/work.ts';
import { UNITS } from '../../../units.ts';

interface At {
  readonly name: string;
  readonly args: unknown;
  readonly now: number;
}

/** Any unit of the server, told another time than that of the database. */
const atTime = unit('test.atTime', function* (u, { name, args, now }: At) {
  const found = UNITS.find((each) => each.name === name);
  if (!found) throw new Error(`There is no unit of work "${name}".`);
  const context: UnitContext = Object.create(u, { now: { value: now }, newId: { value: () => newId(now) } });
  return yield* found.work(context, args as never);
});

const runQuery = unit('test.runQuery', function* (_, wanted: Query<unknown>) {
  return yield* all(wanted);
});

export const YEAR_UNITS: readonly AnyUnit[] = [atTime, runQuery];

/** A real store in which it is whatever time a test says. */
export interface TimedStore {
  readonly store: Store;
  readonly clock: { time: number; now(): number };
  write(tenantId: string, wanted: Query<unknown>): Promise<unknown>;
}

export function withTime(store: Store, start: number): TimedStore {
  const clock = { time: start, now: () => clock.time };
  return {
    clock,
    store: {
      ...store,
      clock,
      run: (tenantId, { name }, args) => store.run(tenantId, atTime, { name, args, now: clock.time }) as Promise<never>,
    },
    write: (tenantId, wanted) => store.run(tenantId, runQuery, wanted),
  };
}
