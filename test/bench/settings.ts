/** How much is measured. */
export interface BenchSettings {
  readonly isShort: boolean;
  readonly rounds: number;
  /** Of one shot, behind its warm-up. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
  readonly storedActions: number;
  /** How many actions lie before the page that is read deep in the list. */
  readonly depth: number;
  /** Pages of each kind that are read. */
  readonly pages: number;
  /** POSTs until a packet is dropped, and as many calls of nft alone. At most 120: each blocks an address of its own. */
  readonly drops: number;
  /** Names of parts; empty for all. */
  readonly only: ReadonlySet<string>;
}

const FULL = {
  isShort: false,
  rounds: 5,
  seconds: 4,
  warmUpSeconds: 2,
  storedActions: 1_000_000,
  depth: 500_000,
  pages: 400,
  drops: 110,
};

/** What CI prints: the same rows, in a tenth of the time. */
const SHORT = {
  isShort: true,
  rounds: 3,
  seconds: 1,
  warmUpSeconds: 1,
  storedActions: 200_000,
  depth: 100_000,
  pages: 100,
  drops: 30,
};

function numberOf(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${name} must be a number above 0, and is "${text}".`);
  return value;
}

/**
 * `INTERDICT_BENCH_SHORT=1`, `INTERDICT_BENCH_ROUNDS`, `INTERDICT_BENCH_SECONDS`, and `INTERDICT_BENCH_ONLY` with names
 * of parts.
 */
export function readSettings(): BenchSettings {
  const base = process.env.INTERDICT_BENCH_SHORT === '1' ? SHORT : FULL;
  return {
    ...base,
    connections: 64,
    rounds: numberOf('INTERDICT_BENCH_ROUNDS') ?? base.rounds,
    seconds: numberOf('INTERDICT_BENCH_SECONDS') ?? base.seconds,
    only: new Set((process.env.INTERDICT_BENCH_ONLY ?? '').split(',').filter((name) => name !== '')),
  };
}
