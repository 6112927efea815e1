import type pg from 'pg';

/** Uses of a pool's connections, all together, between two times that each plans anew. */
const FIRST_USES = 8;
const MOST_USES = 4_096;

interface Uses {
  uses: number;
  until: number;
  /** How often plans were given up so far. */
  times: number;
}

const usesOf = new WeakMap<object, Uses>();
const timesOf = new WeakMap<object, number>();

function countUse(pool: object): number {
  const state = usesOf.get(pool) ?? { uses: 0, until: FIRST_USES, times: 0 };
  usesOf.set(pool, state);
  state.uses += 1;
  if (state.uses > state.until) {
    state.uses = 1;
    state.until = Math.min(MOST_USES, state.until * 2);
    state.times += 1;
  }
  return state.times;
}

/**
 * Counts a use of a pool's connection. PostgreSQL keeps a prepared statement's plan until somebody analyses its tables;
 * one that was made while they were empty may walk through all rows of a tenant (2 ms instead of 10 µs for 4,000 of them,
 * up to autovacuum's first visit). So each connection makes its plans again after 8 uses of the pool, 24, 56 and so on,
 * then after each 4,096.
 *
 * @returns whether the connection's plans are to be discarded before this use
 */
export function isPlanOld(pool: Pick<pg.Pool, 'connect'>, client: Pick<pg.ClientBase, 'query'>): boolean {
  const times = countUse(pool);
  const isNew = !timesOf.has(client);
  const isOld = !isNew && timesOf.get(client) !== times;
  timesOf.set(client, times);
  return isOld;
}

/** Every plan of the connection is made anew when it is used next. @see https://www.postgresql.org/docs/current/sql-discard.html */
export const DISCARD_PLANS = 'discard plans';
