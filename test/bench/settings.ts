/** How much is measured. */
export interface BenchSettings {
  readonly isShort: boolean;
  /** One part alone: `batch`, `lists`, `dispatch` or `restart`. Undefined for all. */
  readonly only?: string | undefined;
  /** A checkout of another commit, whose POSTs are measured in turns with this one's, and nothing else. */
  readonly against?: string | undefined;
  /** How often each system has its turn. */
  readonly rounds: number;
  /** Of one turn, behind its run-up. */
  readonly seconds: number;
  readonly runUpSeconds: number;
  /** Once, before the first round: until the compiler is done with the code that is hot. */
  readonly warmUpSeconds: number;
  readonly connections: number;
  readonly storedActions: number;
  /** How many actions lie before the page that is read deep in the list. */
  readonly depth: number;
  /** Pages of each kind that are read. */
  readonly pages: number;
  /** For how long memory is watched under load. */
  readonly memorySeconds: number;
  /** POSTs until a packet is dropped, and as many calls of nft alone. At most 120: each blocks an address of its own. */
  readonly drops: number;
  /** Actions that are dispatched to a product that answers at once, and to a slow one. */
  readonly dispatched: number;
  readonly slowlyDispatched: number;
  readonly restarts: Restarts;
}

/** What servers are killed over, and how often. */
export interface Restarts {
  readonly actions: number;
  /** Of them, at each start: those that wait for their dispatch. */
  readonly due: number;
  readonly rounds: number;
}

const FULL = {
  isShort: false,
  rounds: 20,
  seconds: 1.2,
  runUpSeconds: 0.4,
  warmUpSeconds: 10,
  storedActions: 1_000_000,
  depth: 500_000,
  pages: 400,
  memorySeconds: 15,
  drops: 110,
  dispatched: 20_000,
  slowlyDispatched: 3_000,
  restarts: { actions: 1_000_000, due: 100_000, rounds: 5 },
};

/** What CI prints: the same rows, in less time and over fewer stored actions. */
const SHORT = {
  isShort: true,
  rounds: 4,
  seconds: 0.8,
  runUpSeconds: 0.3,
  warmUpSeconds: 3,
  storedActions: 200_000,
  depth: 100_000,
  pages: 100,
  memorySeconds: 4,
  drops: 30,
  dispatched: 4_000,
  slowlyDispatched: 1_000,
  restarts: { actions: 20_000, due: 2_000, rounds: 2 },
};

function numberOf(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${name} must be a number above 0, and is "${text}".`);
  return value;
}

/** `INTERDICT_BENCH_SHORT=1`; `INTERDICT_BENCH_ROUNDS` and `INTERDICT_BENCH_SECONDS` change one of its numbers, and `INTERDICT_BENCH_ONLY=batch`, `lists`, `dispatch` or `restart` measures one part alone. */
export function readSettings(): BenchSettings {
  const base = process.env.INTERDICT_BENCH_SHORT === '1' ? SHORT : FULL;
  return {
    ...base,
    only: process.env.INTERDICT_BENCH_ONLY,
    against: process.env.INTERDICT_BENCH_AGAINST,
    connections: 64,
    rounds: numberOf('INTERDICT_BENCH_ROUNDS') ?? base.rounds,
    seconds: numberOf('INTERDICT_BENCH_SECONDS') ?? base.seconds,
  };
}
