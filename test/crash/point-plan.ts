import { FAILPOINTS, type Failpoint } from '../../packages/server/src/lib/failpoint.ts';

export type StoreName = 'SQLite' | 'PostgreSQL';

/** Processes over one database. */
export const SERVERS: Readonly<Record<StoreName, number>> = { SQLite: 1, PostgreSQL: 3 };

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
  /** Passed by whoever takes up what the killed were doing: nobody else must be there to do so. */
  readonly isAlone: boolean;
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
    isAlone: name.endsWith('LeasesFreed'),
    isCalm: room === 'index',
    mostPasses: name !== 'accept.keyUsed' && !name.includes('Epoch') && OFTEN.includes(room ?? '') ? 8 : 1,
  };
}

/** How many servers a cycle kills: of three one lives on, but in every third cycle. */
export const killedIn = (cycle: number, store: StoreName): number =>
  store === 'PostgreSQL' && cycle % 3 !== 0 ? SERVERS[store] - 1 : SERVERS[store];

/** In so many cycles every point comes up. */
export const CYCLES_OF_ALL: Readonly<Record<StoreName, number>> = { SQLite: 50, PostgreSQL: 20 };

/** In an order of the seed's, over and over. */
export function* roundOf(names: readonly Failpoint[], random: () => number): Generator<Failpoint, never> {
  for (;;) {
    const shuffled = names.map((name) => ({ name, at: random() })).sort((one, other) => one.at - other.at);
    for (const { name } of shuffled) yield name;
  }
}
