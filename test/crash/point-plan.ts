import { FAILPOINTS, type Failpoint } from '../../packages/server/src/lib/failpoint.ts';

export type StoreName = 'SQLite' | 'PostgreSQL';

const OTHERS: Readonly<Record<StoreName, string>> = { SQLite: 'postgres.', PostgreSQL: 'sqlite.' };

/** Passed before there is anything to lose, when the database is new. */
export const migrationPointsOf = (store: StoreName): readonly Failpoint[] =>
  pointsOf(store).filter((name) => name.endsWith('Migration'));

export const pointsOf = (store: StoreName): readonly Failpoint[] =>
  FAILPOINTS.filter((name) => !name.startsWith(OTHERS[store]));

/** How the process is brought to a point. */
export interface Approach {
  /** SIGTERM, once it is ready. */
  readonly isAtStop: boolean;
  /** Passed on the way up: every process is killed before, so that there is something to take up. */
  readonly isAtStart: boolean;
  /** The index of words leaves a tenant alone that writes much. */
  readonly isCalm: boolean;
  /** Rare points are taken at once, others at some pass of the first few. */
  readonly mostPasses: number;
}

/** Rooms whose points are passed by every request or call. */
const OFTEN: readonly string[] = ['sqlite', 'postgres', 'accept', 'call', 'settle', 'dispatch'];

export function approachOf(name: Failpoint): Approach {
  const room = name.split('.')[0];
  return {
    isAtStop: room === 'stop',
    isAtStart: room === 'start',
    isCalm: room === 'index',
    mostPasses: name !== 'accept.keyUsed' && OFTEN.includes(room ?? '') ? 8 : 1,
  };
}

/** In an order of the seed's, over and over. */
export function* roundOf(names: readonly Failpoint[], random: () => number): Generator<Failpoint, never> {
  for (;;) {
    const shuffled = names.map((name) => ({ name, at: random() })).sort((one, other) => one.at - other.at);
    for (const { name } of shuffled) yield name;
  }
}
